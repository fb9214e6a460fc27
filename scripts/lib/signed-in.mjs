/** Who signs in to a platform that a measurement started. */
const account = { email: 'ada@example.com', password: 'correct horse battery staple' };

/**
 * Opens a page of the console as an administrator who has just signed in.
 * @param browser of playwright-core
 * @param platform as of `startYumops`; its configuration must not ask whether passwords were breached
 * @param token of an administrator
 * @param path with its query, such as `/logs?tail=on`
 */
export async function openSignedIn(browser, platform, token, path) {
  const made = await fetch(`${platform.url}/api/v1/users`, {
    ...{ method: 'POST', body: JSON.stringify({ ...account, name: 'Ada', role: 'admin' }) },
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
  if (!made.ok) throw new Error(`No account: ${made.status} ${await made.text()}`);
  const page = await browser.newPage();
  await page.goto(`${platform.url}/sign-in?return=${encodeURIComponent(path)}`);
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  return page;
}
