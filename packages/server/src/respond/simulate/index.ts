export { compileAction, compileExpectation, compileFrame, compileInput } from './compile.ts';
export { type Replay, replayRule } from './replay.ts';
export type { Notification, SimulationReport, StateChange } from './report.ts';
export type { Scenario, SimulatedConfig } from './scenario.ts';
export {
  ACTION_SHAPES,
  EXPECT_SHAPES,
  INPUT_SHAPES,
  type RawActions,
  type RawExpectations,
  type RawInputs,
  type RawScenario,
  scenarioShape,
} from './scenario-shape.ts';
export { type SimulatedEngine, type SimulatedEngineDeps, simulate } from './simulation.ts';
