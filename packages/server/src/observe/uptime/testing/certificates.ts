import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A key with its certificate, PEM. */
export interface KeyPair {
  key: string;
  cert: string;
}

/** Certificates for tests, all made by one authority but the self-signed one. */
export interface TestCertificates {
  authority: string;
  good: KeyPair;
  /** Ends in five days. */
  soon: KeyPair;
  expired: KeyPair;
  selfSigned: KeyPair;
  wrongHost: KeyPair;
}

/** Makes certificates for `localhost` and 127.0.0.1 with the openssl command; takes about half a second. */
export function makeCertificates(): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), 'yumops-certificates-'));
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const read = (name: string): KeyPair => ({
    key: readFileSync(join(folder, `${name}.key`), 'utf8'),
    cert: readFileSync(join(folder, `${name}.pem`), 'utf8'),
  });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const sign = (name: string, host: string, names: string, days: string[]) => {
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${host}`);
    writeFileSync(join(folder, `${name}.cnf`), `subjectAltName=${names}\n`);
    openssl(
      ...['ca', '-batch', '-config', 'ca.cnf', '-in', `${name}.csr`, '-out', `${name}.pem`, '-notext'],
      ...['-extfile', `${name}.cnf`, ...days],
    );
  };
  try {
    writeFileSync(join(folder, 'ca.cnf'), AUTHORITY_CONFIG);
    writeFileSync(join(folder, 'index.txt'), '');
    writeFileSync(join(folder, 'serial'), '01');
    openssl(
      ...['req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=YumOps Test CA'],
      ...['-days', '30', '-addext', 'basicConstraints=critical,CA:TRUE'],
    );
    openssl(
      ...['req', '-x509', ...newKey, '-keyout', 'self.key', '-out', 'self.pem', '-subj', '/CN=localhost'],
      ...['-days', '30', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    );
    sign('good', 'localhost', 'DNS:localhost,IP:127.0.0.1', ['-days', '20']);
    sign('soon', 'localhost', 'DNS:localhost,IP:127.0.0.1', ['-days', '5']);
    sign('old', 'localhost', 'DNS:localhost,IP:127.0.0.1', [
      '-startdate',
      '20200101000000Z',
      '-enddate',
      '20200201000000Z',
    ]);
    sign('other', 'other.example', 'DNS:other.example', ['-days', '20']);
    return {
      authority: read('ca').cert,
      good: read('good'),
      soon: read('soon'),
      expired: read('old'),
      selfSigned: read('self'),
      wrongHost: read('other'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const AUTHORITY_CONFIG = `
[ca]
default_ca = test
[test]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
`;
