package io.github.pgwatchrpc.server;

import java.nio.charset.StandardCharsets;
import java.util.function.IntConsumer;

/**
 * Ends the program when memory is out: whoever has lost a step in the middle would go on half dead, while a start anew loses
 * nothing that was acknowledged. The JVM does the same by itself for the heap when it has {@code
 * -XX:+ExitOnOutOfMemoryError}, which {@code ./pgwatch-rpc} gives it; it knows nothing of direct memory and of threads that
 * the system refuses. What else nobody has caught is printed as the JVM would do it. Thread-safe.
 */
final class OutOfMemory implements Thread.UncaughtExceptionHandler {

    /** Encoded in advance: there may not be the memory for it when it is needed. */
    private static final byte[] LINE =
            "pgwatch-rpc: out of memory, ends with exit code 3\n".getBytes(StandardCharsets.US_ASCII);

    private final IntConsumer end;

    /**
     * A handler.
     *
     * @param end ends the program with a code, at once
     */
    OutOfMemory(IntConsumer end) {
        this.end = end;
    }

    /** Makes it the one for all threads that have none of their own. */
    static void endsTheProgram() {
        // not an exit: what is run at an exit waits for threads that may wait for this one
        Thread.setDefaultUncaughtExceptionHandler(new OutOfMemory(Runtime.getRuntime()::halt));
    }

    @Override
    public void uncaughtException(Thread thread, Throwable fault) {
        if (fault instanceof OutOfMemoryError) {
            try {
                System.err.println(
                        "pgwatch-rpc: out of memory: " + fault.getMessage() + " (in thread " + thread.getName()
                                + "), ends with exit code " + ExitCode.OUT_OF_MEMORY + "\n"
                                + "  what was acknowledged is in the spool; docs/configuration.md tells how to give it more memory");
            } catch (OutOfMemoryError e) {
                System.err.write(LINE, 0, LINE.length);
                System.err.flush();
            } finally {
                end.accept(ExitCode.OUT_OF_MEMORY);
            }
            return;
        }
        System.err.print("Exception in thread \"" + thread.getName() + "\" ");
        fault.printStackTrace();
    }
}
