package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The end itself is tested with a process, in interop. */
class OutOfMemoryTest {

    private final List<Integer> ends = new ArrayList<>();
    private final OutOfMemory handler = new OutOfMemory(ends::add);
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final PrintStream err = System.err;

    @BeforeEach
    void listen() {
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setErr(err);
    }

    private String said() {
        return said.toString(StandardCharsets.UTF_8);
    }

    @Test
    void endsWithALineThatSaysSo() {
        handler.uncaughtException(new Thread("spool"), new OutOfMemoryError("Java heap space"));
        assertEquals(List.of(3), ends);
        assertTrue(
                said().startsWith(
                                "pgwatch-rpc: out of memory: Java heap space (in thread spool), ends with exit code 3\n  what"),
                this::said);
    }

    @Test
    void endsAlsoIfThereIsNotTheMemoryToSayWhy() {
        handler.uncaughtException(new Thread("spool"), new OutOfMemoryError() {
            private static final long serialVersionUID = 1;

            @Override
            public String getMessage() {
                throw new OutOfMemoryError("again");
            }
        });
        assertEquals(List.of(3), ends);
        assertEquals("pgwatch-rpc: out of memory, ends with exit code 3\n", said());
    }

    @Test
    void anotherFaultIsToldAndNoMore() {
        handler.uncaughtException(new Thread("spool"), new IllegalStateException("on purpose"));
        assertEquals(List.of(), ends);
        assertTrue(
                said().startsWith("Exception in thread \"spool\" java.lang.IllegalStateException: on purpose\n\tat "),
                this::said);
    }

    /** Netty's event loops and executors catch everything, say so in the log, and go on. */
    @Test
    void whoeverLogsItHasCaughtIt() throws Exception {
        Logs.configure("info", "text");
        Logger log = LoggerFactory.getLogger("of.some.library");
        Thread thread = new Thread(() -> {
            log.debug("not even shown", new OutOfMemoryError("1"));
            log.warn("a task has failed: {}", "x", new IOException(new OutOfMemoryError("2")));
            log.warn("of {} and {} with {}: {}", 1, 2, 3, new OutOfMemoryError("3"));
            log.warn("another", new IOException("no"));
        });
        thread.setUncaughtExceptionHandler(handler);
        thread.start();
        thread.join();
        assertEquals(List.of(3, 3, 3), ends);
    }
}
