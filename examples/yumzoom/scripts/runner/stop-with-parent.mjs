// Loaded with --import into the server, and by the runner itself: whoever loses the process that started it stops
// too, also when that one was killed and could say nothing.

const parent = Number(process.env.YUMZOOM_PARENT_PID) || process.ppid;

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}, 1000).unref();
