/** The look of the page: one sheet in the page itself, so that it comes with the first answer. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fbfbfa;--surface:#fff;--line:#e3e3df;--text:#1c1d1f;--quiet:#5d6066;--accent:#2f5bd0;
--ok:#1a7f4b;--okbar:#3aa56f;--warn:#8a5a00;--warnbar:#d69a1d;--bad:#b3261e;--badbar:#d84a41;--info:#2f5bd0;--none:#d5d6d2;
--oksoft:#e6f4ec;--warnsoft:#fbf1dc;--badsoft:#fbe6e4;--infosoft:#e7edfb;--nonesoft:#efefec}
@media(prefers-color-scheme:dark){:root{--bg:#131416;--surface:#1b1d20;--line:#2e3136;--text:#e9e9e7;--quiet:#a3a7ae;
--accent:#8fb0ff;--ok:#63c796;--okbar:#3aa56f;--warn:#e6b450;--warnbar:#d69a1d;--bad:#ff8a80;--badbar:#d84a41;--info:#8fb0ff;
--none:#3a3d42;--oksoft:#15301f;--warnsoft:#352a12;--badsoft:#3a1a18;--infosoft:#1b2744;--nonesoft:#26282c}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;
font-variant-numeric:tabular-nums}a{color:var(--accent)}main,header,footer{max-width:760px;margin:0 auto;padding:0 20px}
header{display:flex;flex-wrap:wrap;gap:8px 24px;align-items:baseline;padding-top:32px}header h1{font-size:22px;margin:0;flex:1 1 auto}
header h1 a{color:inherit;text-decoration:none}nav{display:flex;gap:16px;font-size:14px}h2{font-size:16px;margin:32px 0 12px}h3{font-size:15px;margin:0}
p{margin:4px 0}.quiet{color:var(--quiet);font-size:13px}.banner{display:flex;gap:12px;align-items:center;margin:24px 0 8px;padding:16px 20px;
border:1px solid var(--line);border-radius:8px;font-size:18px;font-weight:600}.banner svg{flex:none;width:22px;height:22px}
.tone-ok{background:var(--oksoft);color:var(--ok)}.tone-warn{background:var(--warnsoft);color:var(--warn)}.tone-bad{background:var(--badsoft);color:var(--bad)}
.tone-info{background:var(--infosoft);color:var(--info)}.tone-none{background:var(--nonesoft);color:var(--quiet)}
.card{border:1px solid var(--line);border-radius:8px;background:var(--surface);padding:16px 20px;margin-bottom:12px}
.card>ol{list-style:none;margin:12px 0 0;padding:0;display:grid;gap:12px}.update strong{margin-right:6px}.update p{white-space:pre-line;overflow-wrap:anywhere}
.head{display:flex;flex-wrap:wrap;gap:4px 12px;align-items:baseline;justify-content:space-between}.word{font-weight:600;font-size:14px;white-space:nowrap}
.word.tone-ok,.word.tone-warn,.word.tone-bad,.word.tone-info,.word.tone-none{background:none}
.components{border:1px solid var(--line);border-radius:8px;background:var(--surface);list-style:none;margin:0;padding:0}
.components li{padding:14px 20px;border-bottom:1px solid var(--line)}.components li:last-child{border-bottom:0}
.bars{display:block;width:100%;height:28px;margin:10px 0 4px}.legend{display:flex;justify-content:space-between;gap:12px}
.ok{fill:var(--okbar)}.warn{fill:var(--warnbar)}.bad{fill:var(--badbar)}.unknown{fill:var(--none)}
form{display:flex;flex-wrap:wrap;gap:8px;align-items:end}label{display:grid;gap:4px;font-size:13px;color:var(--quiet)}
input,select,button{font:inherit;font-size:15px;padding:8px 10px;border:1px solid var(--line);border-radius:6px;background:var(--surface);color:var(--text);min-height:40px}
input{min-width:min(260px,70vw)}button{background:var(--accent);border-color:var(--accent);color:var(--bg);font-weight:600;cursor:pointer}
details{margin-top:12px}summary{cursor:pointer;color:var(--accent)}footer{padding:24px 20px 48px;border-top:1px solid var(--line);margin-top:40px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}.empty{color:var(--quiet);padding:8px 0}.visually-hidden{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
`.replaceAll('\n', '');

/**
 * Nothing on the page needs it: it puts times into the visitor's own zone, and says when the page is old.
 */
export const SCRIPT = `(() => {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  for (const time of document.querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.title = time.textContent;
    time.textContent = format.format(at);
  }
  for (const zone of document.querySelectorAll('[data-zone]')) {
    zone.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
  const written = document.querySelector('[data-written]');
  const age = written ? Date.now() - Date.parse(written.dataset.written) : 0;
  const stale = document.querySelector('[data-stale]');
  if (stale && age > 300000) {
    stale.hidden = false;
    stale.textContent = 'This page was written ' + Math.round(age / 60000) + ' minutes ago. What it says may have changed.';
  }
})();
`;
