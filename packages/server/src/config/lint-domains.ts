import { listOf } from '../lib/section.ts';
import type { Sections } from './sections.ts';

/** Name and ending of a host's registered domain: `["yumzoom", "app"]`. Undefined for addresses and single names. */
function domainOf(host: string): [name: string, ending: string] | undefined {
  const labels = host.toLowerCase().split('.');
  const [name, ending] = labels.slice(-2);
  return labels.length < 2 || !name || !ending || /^\d+$/.test(ending) ? undefined : [name, ending];
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

/** The e-mail addresses of the configuration, each with the way to report about it, in order of the files. */
function addresses(sections: Sections): { address: string; report: (message: string, suggestion: string) => void }[] {
  const { value, report } = sections.alert_settings;
  const written = value.email_notifications;
  return listOf(written).map((address, index) => ({
    address,
    report: (message, suggestion) =>
      report({
        code: 'W212',
        path: typeof written === 'string' ? ['email_notifications'] : ['email_notifications', index],
        message,
        suggestion,
      }),
  }));
}

/** W212: the site and the mail have one name under two endings, which is often a slip of the pen. Said once. */
export function lintMailDomain(sections: Sections, publicUrl: string | null): void {
  const urls = [
    ...sections.monitors.flatMap(({ value }) => ('url' in value ? [value.url] : [])),
    ...(publicUrl === null ? [] : [publicUrl]),
  ];
  const sites = urls.flatMap((url) => {
    const domain = domainOf(hostOf(url));
    return domain ? [domain] : [];
  });
  for (const { address, report } of addresses(sections)) {
    const mail = domainOf(address.slice(address.lastIndexOf('@') + 1));
    const site = mail && sites.find(([name, ending]) => name === mail[0] && ending !== mail[1]);
    if (!mail || !site || sites.some(([name, ending]) => name === mail[0] && ending === mail[1])) continue;
    report(`mail goes to ${mail.join('.')} while the site is ${site.join('.')}`, 'check which domain receives mail');
    return;
  }
}
