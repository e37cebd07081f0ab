package io.github.pgwatchrpc.interop;

import io.github.pgwatchrpc.rpc.gob.GobWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes gob by hand, also such as no encoder would. */
final class GobBytes {

    static final int INT = 2;
    static final int STRING = 6;
    static final int INTERFACE = 8;

    private final GobWriter out = new GobWriter();

    /** A field of a struct. */
    record Field(String name, int type) {}

    /** How a pgwatch v3 begins. */
    static byte[] connect() {
        return "CONNECT /_goRPC_ HTTP/1.0\n\n".getBytes(StandardCharsets.US_ASCII);
    }

    GobBytes raw(byte[] bytes) {
        out.writeRaw(bytes, 0, bytes.length);
        return this;
    }

    /** Defines a struct: a wireType with the field StructT, as Go's encoding/gob/type.go lays it down. */
    GobBytes struct(int id, String name, Field... fields) {
        int message = begin(id, 2, name);
        if (fields.length > 0) {
            out.writeUint(1);
            out.writeUint(fields.length);
            for (Field each : fields) {
                out.writeUint(1);
                out.writeString(each.name());
                out.writeUint(1);
                out.writeInt(each.type());
                out.writeUint(0);
            }
        }
        return end(message);
    }

    GobBytes slice(int id, String name, int element) {
        int message = begin(id, 1, name);
        out.writeUint(1);
        out.writeInt(element);
        return end(message);
    }

    GobBytes map(int id, String name, int key, int element) {
        int message = begin(id, 3, name);
        out.writeUint(1);
        out.writeInt(key);
        out.writeUint(1);
        out.writeInt(element);
        return end(message);
    }

    /** The kind's field in wireType, and in it CommonType{Name string; Id int}. */
    private int begin(int id, int kind, String name) {
        int message = out.beginMessage();
        out.writeInt(-id);
        out.writeUint(kind + 1);
        out.writeUint(1);
        if (!name.isEmpty()) {
            out.writeUint(1);
            out.writeString(name);
        }
        out.writeUint(name.isEmpty() ? 2 : 1);
        out.writeInt(id);
        out.writeUint(0);
        return message;
    }

    private GobBytes end(int message) {
        out.writeUint(0); // of the kind
        out.writeUint(0); // of wireType
        out.endMessage(message);
        return this;
    }

    /** A message with a value that has been written already. */
    GobBytes value(int type, byte[] value) {
        int message = out.beginMessage();
        out.writeInt(type);
        out.writeRaw(value, 0, value.length);
        out.endMessage(message);
        return this;
    }

    /** The length of a message that need not come, and the number of its type. */
    GobBytes promise(int bytes, int type) {
        out.writeUint(bytes);
        out.writeInt(type);
        return this;
    }

    static final int REQUEST = 65;

    /** Go's {@code rpc.Request}. */
    GobBytes requestType() {
        return struct(REQUEST, "Request", new Field("ServiceMethod", STRING), new Field("Seq", 3));
    }

    GobBytes request(String method, int seq) {
        GobWriter value = new GobWriter();
        value.writeUint(1);
        value.writeString(method);
        value.writeUint(1);
        value.writeUint(seq);
        value.writeUint(0);
        return value(REQUEST, Arrays.copyOf(value.array(), value.size()));
    }

    static final int ENVELOPE = 70;
    private static final int TAGS = 71;
    private static final int ROWS = 72;
    private static final int ROW = 73;

    /** pgwatch's envelope, with fields of these names; each is what pgwatch has under that name. */
    GobBytes envelopeType(String... names) {
        Field[] fields = Arrays.stream(names)
                .map(each -> new Field(each, each.equals("CustomTags") ? TAGS : each.equals("Data") ? ROWS : STRING))
                .toArray(Field[]::new);
        return struct(ENVELOPE, "MeasurementEnvelope", fields)
                .map(TAGS, "map[string]string", STRING, STRING)
                .slice(ROWS, "Measurements", ROW)
                .map(ROW, "", STRING, INTERFACE);
    }

    byte[] toBytes() {
        return Arrays.copyOf(out.array(), out.size());
    }
}
