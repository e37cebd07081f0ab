package io.github.pgwatchrpc.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class FaultsTest {

    /** What the handler of a thread's uncaught exceptions is told while an action runs on it. */
    private static List<Throwable> told(Runnable action) throws InterruptedException {
        List<Throwable> told = new ArrayList<>();
        Thread thread = new Thread(action, "with a handler");
        thread.setUncaughtExceptionHandler((which, fault) -> {
            assertSame(thread, which);
            told.add(fault);
        });
        thread.start();
        thread.join();
        return told;
    }

    @Test
    void whatNoCallCanAnswerForIsToldBeforeAnybodyCatchesIt() throws InterruptedException {
        for (VirtualMachineError fatal : List.of(new OutOfMemoryError("on purpose"), new InternalError("on purpose"))) {
            assertEquals(
                    List.of(fatal),
                    told(() -> assertSame(
                            fatal, assertThrows(VirtualMachineError.class, () -> Faults.rethrowIfFatal(fatal)))));
        }
        for (Throwable other : List.of(new StackOverflowError(), new NoClassDefFoundError(), new IOException())) {
            assertEquals(List.of(), told(() -> {
                Faults.rethrowIfFatal(other);
                Faults.reportIfFatal(other);
            }));
        }
    }

    @Test
    void itIsFoundWhereItIsWrapped() throws InterruptedException {
        OutOfMemoryError fatal = new OutOfMemoryError("on purpose");
        assertEquals(
                List.of(fatal),
                told(() -> Faults.reportIfFatal(new CompletionException(new IOException("wrapped", fatal)))));
        IOException circle = new IOException("a circle");
        circle.initCause(new IOException(circle));
        assertEquals(List.of(), told(() -> Faults.reportIfFatal(circle)));
    }
}
