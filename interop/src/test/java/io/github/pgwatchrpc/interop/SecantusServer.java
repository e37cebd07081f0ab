package io.github.pgwatchrpc.interop;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A server that speaks MongoDB's protocol and stores in WiredTiger: the package {@code secantusdb} of PyPI. */
final class SecantusServer implements AutoCloseable {

    private final PythonServer server;

    private SecantusServer(PythonServer server) {
        this.server = server;
    }

    static SecantusServer start(Path directory) throws IOException, InterruptedException {
        return new SecantusServer(PythonServer.start(
                new PythonServer.Program(
                        "secantusdb",
                        List.of("secantusdb==0.7.0b3"),
                        List.of(
                                "secantusd-py",
                                "--port",
                                PythonServer.PORT,
                                "--storage-path",
                                directory.resolve("secantus").toString(),
                                "--sync-on-commit"),
                        Map.of()),
                directory));
    }

    String uri() {
        return "mongodb://127.0.0.1:" + server.uri().getPort() + "/";
    }

    /** Ends it as a power button does. */
    void kill() {
        server.kill();
    }

    /** Starts it again, with what it has stored. */
    void restart() throws IOException {
        server.restart();
    }

    @Override
    public void close() {
        server.close();
    }
}
