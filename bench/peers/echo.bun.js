// echo.bun.js PORT: TCP echo with Bun.listen; what the kernel does not take waits for drain.
function flush(socket) {
  const waiting = socket.data;
  while (waiting.length > 0) {
    const written = Math.max(socket.write(waiting[0]), 0);
    if (written < waiting[0].length) {
      waiting[0] = waiting[0].subarray(written);
      return;
    }
    waiting.shift();
  }
}

Bun.listen({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  socket: {
    open(socket) {
      socket.data = [];
      socket.setNoDelay(true);
    },
    data(socket, bytes) {
      const written = socket.data.length > 0 ? 0 : Math.max(socket.write(bytes), 0);
      if (written < bytes.length) socket.data.push(Buffer.from(bytes.subarray(written)));
    },
    drain: flush,
    error() {},
  },
});
