package io.github.pgwatchrpc.rpc.listen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who goes first when there are too many strangers, or when they hold too much. */
class StrangersTest {

    private final Strangers strangers = new Strangers();
    private final MemoryBudgets memory =
            new MemoryBudgets(new MemoryBudget(1 << 20), new MemoryBudget(1 << 20), 1 << 20);

    private Connection from(String address) {
        EmbeddedChannel channel = new EmbeddedChannel() {
            @Override
            protected SocketAddress remoteAddress0() {
                return new InetSocketAddress(address, 1);
            }
        };
        Connection connection = TestConnections.of(channel, memory, Duration.ofSeconds(30));
        strangers.add(connection);
        return connection;
    }

    private List<Connection> from(String address, int count) {
        List<Connection> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(from(address));
        }
        return all;
    }

    @Test
    void theAddressWithMostLosesItsOldest() {
        List<Connection> one = from("192.0.2.1", 3);
        List<Connection> flood = from("192.0.2.2", 10);
        Connection newcomer = from("192.0.2.3");
        for (int i = 0; i < 8; i++) {
            Connection next = strangers.removeNext(newcomer);
            if (flood.contains(next)) {
                assertSame(flood.remove(0), next);
            } else {
                assertSame(one.remove(0), next);
            }
        }
        assertTrue(flood.size() <= 3 && one.size() >= 2, flood.size() + " and " + one.size());
    }

    @Test
    void aFloodMakesRoomForItselfAndShutsNobodyOut() {
        List<Connection> others = List.of(from("192.0.2.1"), from("192.0.2.3"), from("192.0.2.4"));
        from("192.0.2.2", 100);
        for (int i = 0; i < 1_000; i++) {
            Connection newcomer = from("192.0.2.2");
            Connection next = strangers.removeNext(newcomer);
            assertTrue(next != null && next != newcomer && !others.contains(next), "round " + i);
        }
        Connection valid = from("192.0.2.2");
        for (int i = 0; i < 99; i++) {
            assertTrue(strangers.removeNext(from("192.0.2.2")) != valid, "it has had time for " + i + " others only");
        }
    }

    @Test
    void whoCouldNotBeUnderstoodGoesFirst() {
        List<Connection> same = from("192.0.2.1", 4);
        strangers.understood(same.get(0));
        strangers.understood(same.get(2));
        Connection newcomer = from("192.0.2.9");
        List<Connection> order = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            order.add(strangers.removeNext(newcomer));
        }
        assertEquals(List.of(same.get(1), same.get(3), same.get(0), same.get(2)), order);
        assertNull(strangers.removeNext(newcomer), "it is not closed for itself");
    }

    @Test
    void anAddressOfIpv6IsWhatOneMachineIsGiven() {
        List<Connection> flood = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            flood.add(from("2001:db8:0:1::" + i));
        }
        List<Connection> other = from("2001:db8:0:2::1", 2);
        assertSame(flood.get(0), strangers.removeNext(other.get(1)));
        assertSame(flood.get(1), strangers.removeNext(other.get(1)));
    }

    @Test
    void whoHoldsMostMakesRoomForBytes() {
        List<Connection> quiet = from("192.0.2.1", 50);
        quiet.forEach(each -> assertTrue(each.memory().take(10)));
        List<Connection> heavy = from("192.0.2.2", 4);
        heavy.forEach(each -> assertTrue(each.memory().take(1_000)));
        from("192.0.2.3", 100);
        Connection asking = from("192.0.2.2");
        assertTrue(asking.memory().take(5_000));
        assertEquals(heavy.subList(0, 2), strangers.removeHolding(1_500, asking));
        assertEquals(heavy.subList(2, 4), strangers.removeHolding(1_500, asking));
        assertEquals(quiet, strangers.removeHolding(1_500, asking), "as many as there are");
    }

    @Test
    void whoIsNoStrangerAnyMoreIsForgotten() {
        Connection one = from("192.0.2.1");
        assertTrue(strangers.remove(one));
        assertTrue(!strangers.remove(one));
        assertNull(strangers.removeNext(from("192.0.2.1")));
    }
}
