/** Runs cases in processes of their own, and ends one that hangs: a hang or a crash is a failure with a seed, like any other. */

import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Failure, Outcome } from "./run-case.ts";
import type { Answer, Task } from "./worker.ts";

export interface RunOptions {
  /** The module with the cases. */
  readonly table: URL;
  readonly tasks: readonly Task[];
  readonly processes?: number;
  /** An input that computes for longer hangs. */
  readonly hangSeconds?: number;
  /** No task is begun after this moment, by `performance.now()`. */
  readonly until?: number;
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** Runs all tasks, or as many as there is time for; what each came to, those that ended their process too. */
export async function runCases({
  tasks,
  processes = 2,
  ...options
}: RunOptions): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const waiting = [...tasks];
  const folder = mkdtempSync(join(tmpdir(), "rlrr-fuzz-notes-"));
  const next = () =>
    performance.now() < (options.until ?? Number.POSITIVE_INFINITY) ? waiting.shift() : undefined;
  async function work(notes: string): Promise<void> {
    for (let task = next(); task; ) {
      const worker = startWorker(options.table, notes);
      for (; task; task = next()) {
        const { outcome, dead } = await perform(worker, task, { notes, ...options });
        outcomes.push(outcome);
        options.onOutcome?.(outcome);
        if (!dead) continue;
        task = next();
        break;
      }
      const left = await endWorker(worker);
      if (left > 0)
        outcomes.push(failed({ name: "all", seed: 0, what: `${left} processes are left behind` }));
    }
  }
  await Promise.all(Array.from({ length: processes }, (_, index) => work(join(folder, `seed-${index}`))));
  rmSync(folder, { recursive: true, force: true });
  return outcomes;
}

const LOOK_MS = 250;
/** A busy machine gives a process a small part of its time; who computes nothing for so many times longer waits in vain. */
const IDLE_TIMES = 20;

/** Seconds that the process has computed; undefined where the system does not tell. */
function busySeconds({ pid }: ChildProcess): number | undefined {
  try {
    // After the name: state, nine more, then ticks in user and in system code, a hundredth of a second each.
    const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
    const [user, system] = fields.split(" ").slice(11, 13).map(Number);
    return user === undefined || system === undefined ? undefined : (user + system) / 100;
  } catch {
    return undefined;
  }
}

const failed = (failure: Failure, inputs = 0): Outcome => ({
  ...{ name: failure.name, inputs, refused: 0, seconds: 0 },
  failures: [failure],
});

function startWorker(table: URL, notes: string): ChildProcess {
  const file = fileURLToPath(new URL("worker.ts", import.meta.url));
  return fork(file, [table.href, notes], {
    execArgv: ["--import", "tsx", "--max-old-space-size=2048"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

interface Watch extends Pick<RunOptions, "hangSeconds"> {
  readonly notes: string;
}

/** Hands a task to the worker, and watches the seeds go by. */
function perform(
  worker: ChildProcess,
  task: Task,
  { notes, hangSeconds = 30 }: Watch,
): Promise<{ readonly outcome: Outcome; readonly dead: boolean }> {
  return new Promise((resolve) => {
    let [seen, looks, before] = [Number.NaN, 0, 0];
    const settle = (outcome: Outcome, dead: boolean) => {
      clearInterval(watch);
      worker.off("message", receive).off("exit", die);
      resolve({ outcome, dead });
    };
    const lost = (what: string) => {
      const seed = seedIn(notes) ?? task.seed;
      settle(failed({ name: task.name, seed, what }, Math.max(0, seed - task.seed + 1)), true);
    };
    const die = (code: number | null, signal: string | null) =>
      lost(`the process ended with ${signal ?? `exit code ${code}`}`);
    const receive = (answer: Answer) => {
      if (answer.type === "done") settle(answer.outcome, false);
    };
    const watch = setInterval(() => {
      const seed = seedIn(notes);
      const busy = busySeconds(worker);
      if (seed !== seen) [seen, looks, before] = [seed ?? Number.NaN, 0, busy ?? 0];
      // Looks are counted, not seconds: a machine that was asleep has not been waiting.
      const waited = (++looks * LOOK_MS) / 1000;
      const computed = busy === undefined ? waited : busy - before;
      if (computed <= hangSeconds && waited <= IDLE_TIMES * hangSeconds) return;
      lost(`it hangs: nothing after ${Math.floor(computed)} s of computing, ${Math.floor(waited)} s in all`);
      worker.kill("SIGKILL");
    }, LOOK_MS);
    worker.on("message", receive).on("exit", die);
    worker.send(task, (error) => error && lost(`the process could not be asked: ${error.message}`));
  });
}

/** The seed that the worker has noted last. */
function seedIn(notes: string): number | undefined {
  try {
    const bytes = readFileSync(notes);
    return bytes.length < 8 ? undefined : bytes.readDoubleLE(0);
  } catch {
    return undefined;
  }
}

/** Lets the worker tidy up; how many processes it leaves behind. */
function endWorker(worker: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    let children = 0;
    if (worker.exitCode !== null || worker.signalCode !== null || !worker.connected) return resolve(0);
    worker.on("message", (answer: Answer) => {
      if (answer.type === "ended") children = answer.children;
    });
    worker.once("exit", () => resolve(children));
    worker.send("end", () => {});
  });
}
