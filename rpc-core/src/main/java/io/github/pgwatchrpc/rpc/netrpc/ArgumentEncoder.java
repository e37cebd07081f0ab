package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobWriter;

/**
 * Writes the argument of a call by itself, for those who call one method very often. Each connection has its own, since
 * types are described once a connection; one thread uses it at a time.
 *
 * @param <A> what it writes
 */
@FunctionalInterface
public interface ArgumentEncoder<A> {

    /**
     * Writes an argument as whole messages, preceded by the descriptions of its types where the connection has not had
     * them. The types' numbers must be 1,000 or higher; those below belong to the client.
     *
     * @param argument the argument
     * @param writer where to
     * @throws GobException if the argument cannot be written; then nothing may have been
     */
    void encode(A argument, GobWriter writer) throws GobException;
}
