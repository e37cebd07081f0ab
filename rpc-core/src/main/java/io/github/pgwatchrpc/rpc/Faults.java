package io.github.pgwatchrpc.rpc;

/**
 * Tells which faults a call may answer for. A method or a decoder runs on the event loop of a connection that many calls
 * share, so what it throws is the answer of its own call, be it an exception or an {@link Error}: an assertion, a class
 * that cannot be linked, a stack that was too small for it.
 *
 * <p>Only what says that the virtual machine itself is in trouble ({@link OutOfMemoryError} and {@link InternalError}, any
 * {@link VirtualMachineError} but {@link StackOverflowError}) goes on: nobody knows what it has left half done. Event loops
 * and executors catch whatever reaches them and live on, so the handler of uncaught exceptions of the thread is told first
 * ({@link Thread#getUncaughtExceptionHandler()}): a program that is to end then says so there, once for all of its threads.
 * Where it does not end, the fault ends the connection and is logged.
 */
public final class Faults {

    /** Faults are wrapped a few times at most; beyond that somebody has made a circle. */
    private static final int DEPTH = 10;

    private Faults() {}

    /**
     * Returns if only the call has failed.
     *
     * @param fault what a method or decoder has thrown
     * @throws VirtualMachineError the fault, if it is one that no call can answer for; the thread's handler of uncaught
     *     exceptions has been told
     */
    public static void rethrowIfFatal(Throwable fault) {
        if (isFatal(fault)) {
            report(fault);
            throw (VirtualMachineError) fault;
        }
    }

    /**
     * Tells the thread's handler of uncaught exceptions, if there is a fault that nobody can answer for. For the places
     * where a fault arrives that others have thrown, wrapped perhaps, and from which there is nobody to throw it to.
     *
     * @param fault what has arrived
     */
    public static void reportIfFatal(Throwable fault) {
        Throwable each = fault;
        for (int i = 0; i < DEPTH && each != null; i++) {
            if (isFatal(each)) {
                report(each);
                return;
            }
            each = each.getCause();
        }
    }

    private static boolean isFatal(Throwable fault) {
        return fault instanceof VirtualMachineError && !(fault instanceof StackOverflowError);
    }

    private static void report(Throwable fault) {
        Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, fault);
    }
}
