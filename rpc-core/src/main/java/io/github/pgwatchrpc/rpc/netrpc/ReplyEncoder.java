package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.gob.GobEncoder;
import io.github.pgwatchrpc.rpc.gob.GobException;
import org.jspecify.annotations.Nullable;

/** Encodes replies that are not text, for one connection; made when the first of them comes. Not thread-safe. */
final class ReplyEncoder {

    private @Nullable GobEncoder encoder;

    /**
     * Encodes a reply as messages, preceded by the types that the connection has not had.
     *
     * @return the encoder that holds them, to be cleared once they have been copied
     * @throws GobException if it cannot be encoded; then nothing is left behind
     */
    GobEncoder encode(@Nullable Object reply) throws GobException {
        GobEncoder is = encoder;
        if (is == null) {
            is = new GobEncoder();
            encoder = is;
        }
        if (reply == null) {
            throw new GobException("gob: cannot encode nil pointer of the reply");
        }
        is.encode(reply);
        return is;
    }
}
