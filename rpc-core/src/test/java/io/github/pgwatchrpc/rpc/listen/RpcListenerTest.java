package io.github.pgwatchrpc.rpc.listen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RpcListenerTest {

    private static final long PATIENCE_SECONDS = 60;

    private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();
    private final CountDownLatch arrivedInside = new CountDownLatch(1);
    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);

    private final RpcObserver observer = new RpcObserver() {
        @Override
        public void closed(SocketAddress peer, @Nullable Protocol protocol, End end, long calls, String reason) {
            ends.add(end + ": " + reason);
        }
    };

    private RpcListener listen(ProtocolHandler protocol) throws IOException {
        return RpcListener.builder()
                .protocol(Protocol.HTTP, protocol)
                .observer(observer)
                .threads(1)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private static Socket connect(RpcListener listener) throws IOException {
        Socket socket =
                new Socket(listener.address().getAddress(), listener.address().getPort());
        socket.getOutputStream().write("GET / HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private void hang() {
        arrived.countDown();
        try {
            assertTrue(goOn.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void await(Thread thread, Thread.State state) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (thread.getState() != state) {
            assertTrue(System.nanoTime() < end, () -> thread.getState() + " (expected: " + state + ")");
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Its end is known to whoever waits for it a moment before it is told why. */
    @Test
    void aPeerThatLeavesWhileTheListenerStopsHasNotBeenInACall() throws Exception {
        RpcListener listener = listen((pipeline, connection) -> {
            connection.onDrain(() -> {}); // a call is in flight
            pipeline.channel().closeFuture().addListener(closed -> hang());
            arrivedInside.countDown();
        });
        Thread stopping = new Thread(() -> listener.stop(Duration.ofSeconds(PATIENCE_SECONDS)));
        try (Socket socket = connect(listener)) {
            assertTrue(arrivedInside.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
            stopping.start();
            await(stopping, Thread.State.TIMED_WAITING);
            assertTrue(socket.isConnected());
        }
        assertTrue(arrived.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
        // it has gone through all connections, and waits for the threads to end
        await(stopping, Thread.State.WAITING);
        goOn.countDown();
        assertEquals("PEER: closed by the peer", ends.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
        stopping.join();
    }

    @Test
    void whoIsInACallIsCutOffWhenPatienceIsOver() throws Exception {
        RpcListener listener = listen((pipeline, connection) -> {
            connection.onDrain(() -> {});
            arrivedInside.countDown();
        });
        try (Socket socket = connect(listener)) {
            assertTrue(arrivedInside.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
            listener.stop(Duration.ofMillis(1));
            assertEquals(
                    "SHUTDOWN: calls were still in flight after PT0.001S",
                    ends.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
            assertEquals(-1, socket.getInputStream().read());
        }
    }

    @Test
    void anEventLoopThatHangsIsNamedUntilItGoesOn() throws Exception {
        try (RpcListener listener = listen((pipeline, connection) -> hang())) {
            assertEquals(List.of(), listener.unresponsive(Duration.ofSeconds(PATIENCE_SECONDS)));
            try (Socket socket = connect(listener)) {
                assertTrue(arrived.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
                assertTrue(socket.isConnected());
                assertTrue(unresponsive(listener, 1).get(0).matches(".* has not answered for \\d+ s"));
                assertEquals(List.of(), listener.unresponsive(Duration.ofHours(1)));
                goOn.countDown();
                assertEquals(List.of(), unresponsive(listener, 0));
            }
        }
    }

    private static List<String> unresponsive(RpcListener listener, int expected) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            List<String> found = listener.unresponsive(Duration.ofMillis(20));
            if (found.size() == expected) {
                return found;
            }
            assertTrue(System.nanoTime() < end, found::toString);
            LockSupport.parkNanos(5_000_000);
        }
    }
}
