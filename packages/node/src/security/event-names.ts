/** Names of the OWASP application logging vocabulary. */
export type OwaspEvent =
  | `authn_login_${'success' | 'successafterfail' | 'fail' | 'fail_max' | 'lock'}`
  | `authn_password_${'change' | 'change_fail'}`
  | 'authn_impossible_travel'
  | `authn_token_${'created' | 'revoked' | 'reuse' | 'delete'}`
  | `authz_${'fail' | 'change' | 'admin'}`
  | `crypt_${'decrypt' | 'encrypt'}_fail`
  | 'excess_rate_limit_exceeded'
  | `upload_${'complete' | 'stored' | 'validation' | 'delete'}`
  | `input_validation_${'fail' | 'discrete_fail'}`
  | `malicious_${'excess_404' | 'extraneous' | 'attack_tool' | 'cors' | 'direct_reference'}`
  | 'privilege_permissions_changed'
  | `sensitive_${'create' | 'read' | 'update' | 'delete'}`
  | 'sequence_fail'
  | `session_${'created' | 'renewed' | 'expired' | 'use_after_expire'}`
  | `sys_${'startup' | 'shutdown' | 'restart' | 'crash' | 'monitor_disabled' | 'monitor_enabled'}`
  | `user_${'created' | 'updated' | 'archived' | 'deleted'}`;

/** What each call is called there. */
export const OWASP = {
  failed_authentication: 'authn_login_fail',
  successful_authentication: 'authn_login_success',
  suspicious_activity: 'malicious_extraneous',
  unauthorized_access: 'authz_fail',
  input_validation_failure: 'input_validation_fail',
  // Not `authn_login_fail_max`: it says that attempts failed, and those were told of one by one.
  brute_force_detected: 'authn_login_lock',
} as const satisfies Record<string, OwaspEvent>;
