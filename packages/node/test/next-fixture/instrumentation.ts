export { onRequestError, register } from '@yumops/node/next';
