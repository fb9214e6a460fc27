const money = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

export const formatMoney = (cents: number) => money.format(cents / 100);
export const formatDay = (date: Date) => day.format(date);
