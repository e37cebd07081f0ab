package io.github.pgwatchrpc.rpc.netrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One port with few slots and little memory, a crowd from one address, and callers from others, with real sockets. */
class CrowdedPortTest {

    private static final String CALLER = "127.0.0.2";
    private static final String CROWD = "127.0.0.3";

    private final Events events = new Events();
    private final NetRpcServer server =
            new TestService().addTo(NetRpcServer.builder()).observer(events).build();

    private RpcListener listen(int connections, MemoryBudgets memory) throws IOException {
        return RpcListener.builder()
                .protocol(Protocol.GOB, server.raw())
                .protocol(Protocol.HTTP_CONNECT, server.overHttp())
                .observer(events)
                .maxConnections(connections)
                .memory(memory)
                .bind(new InetSocketAddress(InetAddress.getByName("0.0.0.0"), 0));
    }

    private static RawClient from(String address, RpcListener listener) throws IOException {
        return new RawClient(
                new InetSocketAddress(address, 0),
                new InetSocketAddress("127.0.0.1", listener.address().getPort()));
    }

    private static void call(RawClient client) throws IOException {
        client.send(new Requests().define().call("Echo.Text", 1, "a").take());
        assertEquals("re: a", client.answers(1).get(0).text());
    }

    @Test
    void aCrowdThatIsRenewedAllTheTimeShutsNobodyOutAndClosesNobodyElse() throws Exception {
        MemoryBudget plenty = new MemoryBudget(1 << 28);
        Deque<RawClient> crowd = new ArrayDeque<>();
        List<RawClient> callers = new ArrayList<>();
        try (RpcListener listener = listen(40, new MemoryBudgets(plenty, plenty, 1 << 20));
                RawClient silent = from(CALLER, listener)) {
            silent.send("CONNECT /_goRPC_ HTTP/1.0\n\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            silent.read(ConnectHandler.CONNECTED.length());
            for (int i = 0; i < 400; i++) {
                crowd.add(from(CROWD, listener));
                if (crowd.size() > 100) {
                    crowd.remove().close();
                }
                if (i % 40 == 39) {
                    RawClient caller = from("127.0.0." + (10 + i / 40), listener);
                    callers.add(caller);
                    call(caller);
                }
            }
            try (RawClient ofTheCrowdsAddress = from(CROWD, listener)) {
                call(ofTheCrowdsAddress);
            }
            for (RawClient each : callers) {
                each.send(new Requests().call("Echo.Text", 2, "b").take());
                assertEquals("re: b", each.answers(2).get(1).text());
            }
            call(silent);
            assertTrue(listener.connections() <= 40);
        } finally {
            for (RawClient each : crowd) {
                each.close();
            }
            for (RawClient each : callers) {
                each.close();
            }
        }
    }

    @Test
    void whatACrowdHoldsMakesRoomForACallersFirstCall() throws Exception {
        MemoryBudgets memory = new MemoryBudgets(new MemoryBudget(100_000), new MemoryBudget(1 << 24), 20_000);
        Deque<RawClient> crowd = new ArrayDeque<>();
        // a header that is never followed by what it promises: no call of it is let in
        byte[] header = Requests.message(new byte[19_000]);
        try (RpcListener listener = listen(10_000, memory)) {
            for (int i = 0; i < 60; i++) {
                RawClient each = from(CROWD, listener);
                crowd.add(each);
                each.send(Arrays.copyOf(header, 15_000));
                if (i % 10 == 9) {
                    try (RawClient caller = from(CALLER, listener)) {
                        // longer than what is free, so that it has to be made
                        byte[] call = new Requests()
                                .define()
                                .call("Echo.Text", 1, "y".repeat(15_000))
                                .take();
                        caller.send(Arrays.copyOf(call, 10_000));
                        caller.send(Arrays.copyOfRange(call, 10_000, call.length));
                        assertEquals(
                                "re: " + "y".repeat(15_000),
                                caller.answers(1).get(0).text());
                    }
                }
                assertTrue(
                        memory.strangers().used() < 400_000,
                        "held " + memory.strangers().used());
            }
        } finally {
            for (RawClient each : crowd) {
                each.close();
            }
        }
        assertEquals(0, memory.strangers().used());
        assertEquals(0, memory.callers().used());
    }
}
