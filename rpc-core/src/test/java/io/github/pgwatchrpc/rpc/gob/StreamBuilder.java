package io.github.pgwatchrpc.rpc.gob;

import java.io.ByteArrayInputStream;
import java.util.Arrays;
import java.util.function.Consumer;

/** Streams by hand, for what no encoder would write. */
final class StreamBuilder {

    private final GobWriter out = new GobWriter();

    /** A message with a definition. */
    StreamBuilder define(GobType type) {
        return message(m -> {
            m.writeInt(-type.id());
            Definitions.write(m, type);
        });
    }

    /** A message. */
    StreamBuilder message(Consumer<GobWriter> content) {
        int begin = out.beginMessage();
        content.accept(out);
        out.endMessage(begin);
        return this;
    }

    /** A message with a value: the number of its type, and its content. */
    StreamBuilder value(int typeId, Consumer<GobWriter> content) {
        return message(m -> {
            m.writeInt(typeId);
            content.accept(m);
        });
    }

    byte[] bytes() {
        return Arrays.copyOf(out.array(), out.size());
    }

    GobDecoder decoder() {
        return decoder(GobConfig.DEFAULT);
    }

    GobDecoder decoder(GobConfig config) {
        return new GobDecoder(new ByteArrayInputStream(bytes()), config);
    }

    GobDecoder decoder(GobLimits.Builder limits) {
        return decoder(GobConfig.DEFAULT.withLimits(limits.build()));
    }
}
