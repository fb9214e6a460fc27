export { callTool, type ToolCaller } from './call.ts';
export { TOOLS } from './registry.ts';
export { createToolServer } from './server.ts';
export type { ToolAnswer, ToolApi } from './tool.ts';
