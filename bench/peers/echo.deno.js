// echo.deno.js PORT: TCP echo with Deno.listen, a promise a connection.
async function echo(connection) {
  const buffer = new Uint8Array(65536);
  connection.setNoDelay(true);
  try {
    for (let size; (size = await connection.read(buffer)) !== null; ) {
      for (let from = 0; from < size; ) from += await connection.write(buffer.subarray(from, size));
    }
  } finally {
    connection.close();
  }
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0]) });
for await (const connection of listener) echo(connection).catch(() => {});
