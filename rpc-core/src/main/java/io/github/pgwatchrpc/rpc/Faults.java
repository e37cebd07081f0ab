package io.github.pgwatchrpc.rpc;

/**
 * Tells which faults a call may answer for. A method or a decoder runs on the event loop of a connection that many calls
 * share, so what it throws is the answer of its own call, be it an exception or an {@link Error}: an assertion, a class
 * that cannot be linked, a stack that was too small for it.
 *
 * <p>Only what says that the virtual machine itself is in trouble ({@link OutOfMemoryError} and {@link InternalError}, any
 * {@link VirtualMachineError} but {@link StackOverflowError}) goes on: nobody knows what it has left half done, so it ends
 * the connection and is logged.
 */
public final class Faults {

    private Faults() {}

    /**
     * Returns if only the call has failed.
     *
     * @param fault what a method or decoder has thrown
     * @throws VirtualMachineError the fault, if it is one that no call can answer for
     */
    public static void rethrowIfFatal(Throwable fault) {
        if (fault instanceof VirtualMachineError fatal && !(fault instanceof StackOverflowError)) {
            throw fatal;
        }
    }
}
