package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.RpcObserver.Refusal;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What an operator reads of connections. */
class ConnectionLogTest {

    private final Logger log = (Logger) LoggerFactory.getLogger("io.github.pgwatchrpc.server.Connections");
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    @BeforeEach
    void listen() {
        lines.start();
        log.addAppender(lines);
    }

    @AfterEach
    void listenNoMore() {
        log.detachAppender(lines);
    }

    private static InetSocketAddress peer(int host, int port) {
        return new InetSocketAddress("10.0.0." + host, port);
    }

    private List<String> messages() {
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @Test
    void onlyAV3HasToBeRestarted() {
        try (ServerMetrics metrics = new ServerMetrics()) {
            metrics.closed(peer(1, 1), Protocol.HTTP2, End.CUT, 7, "reset");
            metrics.closed(peer(2, 1), Protocol.HTTP_CONNECT, End.CUT, 7, "reset");
            metrics.closed(peer(3, 1), Protocol.GOB, End.CUT, 7, "reset");
            metrics.closed(peer(4, 1), Protocol.GOB, End.CUT, 0, "reset");
            metrics.closed(peer(5, 1), null, End.CUT, 0, "reset");
        }
        assertEquals(5, messages().size());
        for (String each : messages()) {
            boolean lost = each.contains("/10.0.0.2:") || each.contains("/10.0.0.3:");
            assertEquals(lost, each.contains("restart it"), each);
        }
        assertTrue(messages().get(0).contains("connects again by itself"));
    }

    @Test
    void whatRepeatsIsCountedForEachMachine() {
        try (ServerMetrics metrics = new ServerMetrics()) {
            for (int i = 1; i <= 500; i++) {
                metrics.closed(peer(1, i), null, End.CUT, 0, "reset");
                metrics.refused(peer(2, i), "Receiver.Nope", Refusal.NO_METHOD, "no such method");
                metrics.badTypeDefinition(peer(3, i), "too many");
            }
            metrics.closed(peer(4, 1), null, End.CUT, 0, "reset");
            assertEquals(
                    List.of(
                            "connection of /10.0.0.1:1 refused: reset",
                            "call of Receiver.Nope by /10.0.0.2:1 refused: no such method",
                            "type definition of /10.0.0.3:1 ignored: too many",
                            "connection of /10.0.0.4:1 refused: reset"),
                    messages());
        }
        assertEquals(7, messages().size(), "a stop tells the rest");
        for (String each : messages().subList(4, 7)) {
            assertTrue(each.contains(":500 ") && each.endsWith(" (499 more within 10 s)"), each);
        }
    }
}
