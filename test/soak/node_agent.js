// SPDX-License-Identifier: Apache-2.0
// An agent on Node's own HTTP server as it comes, which closes connections that were idle for 5 s: node_agent.js PORT.
// /until/MS is answered at that time (ms since 1970) with the number of its connection; POST bodies are read and dropped.
const http = require('node:http');

let connections = 0;
const server = http.createServer((request, response) => {
  request.socket.number ??= ++connections;
  request.resume();
  request.on('end', () => setTimeout(
      () => response.end(String(request.socket.number)), Math.max(0, Number(request.url.split('/')[2]) - Date.now())));
});
server.listen(Number(process.argv[2]), '127.0.0.1', 4096);
