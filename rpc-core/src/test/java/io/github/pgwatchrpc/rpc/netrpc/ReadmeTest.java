package io.github.pgwatchrpc.rpc.netrpc;

import static java.util.concurrent.CompletableFuture.completedFuture;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The README's example, and what else a newcomer would try first with server and client. */
class ReadmeTest {

    record Args(int A, int B) {}

    record Quotient(int Quo, int Rem) {}

    private static InetSocketAddress free() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    @Test
    void multiplies() throws IOException {
        NetRpcServer server = NetRpcServer.builder()
                .method("Arith.Multiply", Args.class, (args, peer) -> completedFuture((long) args.A() * args.B()))
                .build();
        try (RpcListener listener = server.listen(free());
                NetRpcClient client = NetRpcClient.connect(listener.address())) {
            long product = client.call("Arith.Multiply", new Args(6, 7), Long.class);
            assertEquals(42, product);
        }
    }

    @Test
    void repliesMayBeRecordsAndErrorsKeepTheConnection() throws IOException {
        NetRpcServer server = NetRpcServer.builder()
                .method("Arith.Divide", Args.class, (args, peer) -> {
                    if (args.B() == 0) {
                        throw new RpcException("divide by zero");
                    }
                    return completedFuture(new Quotient(args.A() / args.B(), args.A() % args.B()));
                })
                .build();
        try (RpcListener listener = server.listen(free());
                NetRpcClient raw =
                        NetRpcClient.builder(listener.address()).raw().connect()) {
            RpcException zero =
                    assertThrows(RpcException.class, () -> raw.call("Arith.Divide", new Args(1, 0), Quotient.class));
            assertEquals("divide by zero", zero.getMessage());
            assertEquals(
                    "rpc: can't find method Arith.Nope",
                    assertThrows(RpcException.class, () -> raw.call("Arith.Nope", new Args(1, 0), Quotient.class))
                            .getMessage());
            assertEquals(new Quotient(3, 1), raw.call("Arith.Divide", new Args(7, 2), Quotient.class));
            assertEquals(1, listener.connections());
        }
    }

    @Test
    void manyCallsAreInFlightAndAnswersComeInAnyOrder() throws Exception {
        List<CompletableFuture<Long>> answers = new ArrayList<>();
        CompletableFuture<Void> all = new CompletableFuture<>();
        NetRpcServer server = NetRpcServer.builder()
                .method("Echo.Later", Args.class, (args, peer) -> {
                    CompletableFuture<Long> answer = new CompletableFuture<>();
                    synchronized (answers) {
                        answers.add(0, answer);
                        if (answers.size() == 50) {
                            all.complete(null);
                        }
                    }
                    return answer.thenApply(ignored -> (long) args.A());
                })
                .build();
        try (RpcListener listener = server.listen(free());
                NetRpcClient client = NetRpcClient.connect(listener.address())) {
            List<CompletableFuture<Long>> calls = new ArrayList<>();
            for (int i = 1; i <= 50; i++) {
                calls.add(client.callAsync("Echo.Later", new Args(i, 0), Long.class));
            }
            all.get();
            synchronized (answers) {
                answers.forEach(each -> each.complete(0L)); // the last call first
            }
            for (int i = 1; i <= 50; i++) {
                assertEquals(i, calls.get(i - 1).get());
            }
        }
    }

    @Test
    void aCallThatIsNotAnsweredEndsAndTheConnectionGoesOn() throws IOException {
        NetRpcServer server = NetRpcServer.builder()
                .method("Echo.Never", Args.class, (args, peer) -> new CompletableFuture<Long>())
                .method("Echo.Now", Args.class, (args, peer) -> completedFuture((long) args.A()))
                .build();
        try (RpcListener listener = server.listen(free());
                NetRpcClient client = NetRpcClient.builder(listener.address())
                        .callTimeout(Duration.ofMillis(50))
                        .connect()) {
            assertThrows(CallTimeoutException.class, () -> client.call("Echo.Never", new Args(1, 1), Long.class));
            assertEquals(5, client.call("Echo.Now", new Args(5, 1), Long.class));
            listener.stop(Duration.ofMillis(1));
        }
    }

    @Test
    void connectsAgainAfterTheServerWasAway() throws IOException {
        NetRpcServer server = NetRpcServer.builder()
                .method("Echo.Now", Args.class, (args, peer) -> completedFuture((long) args.A()))
                .build();
        RpcListener first = server.listen(free());
        InetSocketAddress address = first.address();
        try (NetRpcClient client =
                NetRpcClient.builder(address).longestBackOff(Duration.ZERO).connect()) {
            assertEquals(1, client.call("Echo.Now", new Args(1, 1), Long.class));
            first.close();
            IOException away = assertThrows(IOException.class, () -> {
                // the loss may be noticed by the first call or by the second
                client.call("Echo.Now", new Args(2, 1), Long.class);
                client.call("Echo.Now", new Args(2, 1), Long.class);
            });
            assertTrue(away.getMessage().startsWith("rpc: "), away.getMessage());
            try (RpcListener second = server.listen(address)) {
                assertEquals(address, second.address());
                assertEquals(3, client.call("Echo.Now", new Args(3, 1), Long.class));
            }
        }
    }

    @Test
    void anArgumentThatCannotBeSentCostsItsCallAlone() throws IOException {
        NetRpcServer server = NetRpcServer.builder()
                .method("Echo.Now", Args.class, (args, peer) -> completedFuture((long) args.A()))
                .build();
        try (RpcListener listener = server.listen(free());
                NetRpcClient client = NetRpcClient.connect(listener.address())) {
            assertThrows(IOException.class, () -> client.call("Echo.Now", new Object(), Long.class));
            assertEquals(4, client.call("Echo.Now", new Args(4, 1), Long.class));
        }
    }

    @Test
    void blockingMethodsRunElsewhere() throws IOException {
        NetRpcServer server = NetRpcServer.builder()
                .blockingMethod(
                        "Echo.Thread",
                        Args.class,
                        task -> new Thread(task, "elsewhere").start(),
                        (args, peer) -> Thread.currentThread().getName())
                .blockingMethod(
                        "Echo.Busy",
                        Args.class,
                        task -> {
                            throw new java.util.concurrent.RejectedExecutionException();
                        },
                        (args, peer) -> "")
                .build();
        try (RpcListener listener = server.listen(free());
                NetRpcClient client = NetRpcClient.connect(listener.address())) {
            assertEquals("elsewhere", client.call("Echo.Thread", new Args(1, 1), String.class));
            assertEquals(
                    "rpc: server is busy",
                    assertThrows(RpcException.class, () -> client.call("Echo.Busy", new Args(1, 1), String.class))
                            .getMessage());
        }
    }
}
