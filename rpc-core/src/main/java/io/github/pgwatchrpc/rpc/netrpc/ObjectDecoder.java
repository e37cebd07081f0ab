package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.gob.GobConfig;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import io.github.pgwatchrpc.rpc.gob.GobValueReader;
import org.jspecify.annotations.Nullable;

/** Decodes arguments to objects of a class, for one connection. */
final class ObjectDecoder<A> implements ArgumentDecoder<A> {

    private final Class<A> type;
    private @Nullable GobValueReader values;

    ObjectDecoder(Class<A> type) {
        this.type = type;
    }

    @Override
    public A decode(GobReader reader, GobTypes types, int typeId) throws GobException {
        GobValueReader is = values;
        if (is == null) {
            // a connection has one table of types, which comes with its first argument
            is = new GobValueReader(types, GobConfig.DEFAULT.withLimits(reader.limits()));
            values = is;
        }
        return is.read(reader, typeId, type);
    }
}
