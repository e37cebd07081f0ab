package io.github.pgwatchrpc.sink.mongo;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.ServerVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.net.InetSocketAddress;
import java.util.concurrent.FutureTask;

/** A server inside this process. It makes its threads as the one is that starts it: daemons, which outlive no test. */
final class TestServer implements AutoCloseable {

    private final MongoServer server = new MongoServer(new MemoryBackend().version(ServerVersion.MONGO_5_0));
    private final InetSocketAddress address;

    TestServer() {
        FutureTask<InetSocketAddress> start = new FutureTask<>(server::bind);
        Thread thread = new Thread(start, "mongo-server-start");
        thread.setDaemon(true);
        thread.start();
        try {
            address = start.get();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    InetSocketAddress address() {
        return address;
    }

    String uri() {
        return "mongodb://127.0.0.1:" + address.getPort() + "/";
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
