/**
 * Keeps Amazon's client from writing to the terminal that it will not run on Node 20 from 2027 on: the version that we
 * pin does, and the notice is for its developers. To be called before the client is loaded.
 */
export function silenceAwsNotice(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
