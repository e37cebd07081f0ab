package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoWriter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes pgwatch's messages for tests. A double is a number; there is no other kind on this wire. */
final class Messages {

    private Messages() {}

    static byte[] envelope(
            String database, String metric, Map<String, String> tags, List<? extends Map<String, ?>> rows) {
        ProtoWriter out = new ProtoWriter().text(1, database).text(2, metric);
        tags.forEach(
                (name, value) -> out.message(3, new ProtoWriter().text(1, name).text(2, value)));
        rows.forEach(row -> out.message(4, struct(row)));
        return out.toBytes();
    }

    static byte[] sync(String database, String metric, int operation) {
        return new ProtoWriter()
                .text(1, database)
                .text(2, metric)
                .varint(3, operation)
                .toBytes();
    }

    static ProtoWriter struct(Map<?, ?> fields) {
        ProtoWriter out = new ProtoWriter();
        fields.forEach((name, value) -> out.message(1, entry((String) name, value(value))));
        return out;
    }

    static ProtoWriter entry(String name, ProtoWriter value) {
        return new ProtoWriter().text(1, name).message(2, value);
    }

    static ProtoWriter value(@Nullable Object value) {
        ProtoWriter out = new ProtoWriter();
        if (value == null) {
            return out.varint(1, 0);
        } else if (value instanceof Double number) {
            return out.fixed64(2, Double.doubleToRawLongBits(number));
        } else if (value instanceof String text) {
            return out.text(3, text);
        } else if (value instanceof Boolean bool) {
            return out.varint(4, bool ? 1 : 0);
        } else if (value instanceof Map<?, ?> map) {
            return out.message(5, struct(map));
        } else if (value instanceof List<?> list) {
            ProtoWriter elements = new ProtoWriter();
            list.forEach(each -> elements.message(1, value(each)));
            return out.message(6, elements);
        }
        throw new IllegalArgumentException(value.getClass().getName());
    }
}
