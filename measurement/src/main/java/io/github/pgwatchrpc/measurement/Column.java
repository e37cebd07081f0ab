package io.github.pgwatchrpc.measurement;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A column's name with what follows from it, worked out once. Immutable. */
final class Column {

    /** What pgwatch's naming rules make of a column. */
    enum Role {
        /** {@code epoch_ns}, the time of the row. */
        TIME,
        /** {@code tag_*}, a dimension. */
        TAG,
        /** Everything else. */
        FIELD
    }

    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    static final String TIME_NAME = "epoch_ns";
    static final String TAG_PREFIX = "tag_";

    final byte[] utf8;
    final String name;
    final Role role;

    /** The name without the prefix that gave it its role. */
    final String plainName;

    /**
     * The name as it stands in a JSON object: name in quotes, colon. Behind that come bytes that mean nothing, so that it
     * can be copied in whole words.
     */
    final byte[] jsonName;

    /** How many bytes of {@link #jsonName} count. */
    final int jsonNameLength;

    /** Whether the column is there for a key, or has one in its name. */
    final boolean showsKey;

    Column(byte[] utf8) {
        this.utf8 = utf8;
        this.name = new String(utf8, StandardCharsets.UTF_8);
        if (name.equals(TIME_NAME)) {
            role = Role.TIME;
        } else if (name.startsWith(TAG_PREFIX) && name.length() > TAG_PREFIX.length()) {
            role = Role.TAG;
        } else {
            role = Role.FIELD;
        }
        plainName = role == Role.TAG ? name.substring(TAG_PREFIX.length()) : name;
        JsonWriter writer = new JsonWriter(utf8.length + Words.SIZE).name(utf8);
        jsonNameLength = writer.length();
        jsonName = Arrays.copyOf(writer.buffer(), jsonNameLength + Words.SIZE - 1);
        showsKey = KeyText.isTag(name) || KeyText.find(utf8, 0, utf8.length) >= 0;
    }

    boolean hasName(byte[] bytes, int offset, int length) {
        if (length != utf8.length) {
            return false;
        }
        if (length < Long.BYTES) {
            for (int i = 0; i < length; i++) {
                if (utf8[i] != bytes[offset + i]) {
                    return false;
                }
            }
            return true;
        }
        // names are short: eight bytes at a time is faster here than what compares arrays of any length
        int last = length - Long.BYTES;
        for (int i = 0; i < last; i += Long.BYTES) {
            if ((long) EIGHT.get(utf8, i) != (long) EIGHT.get(bytes, offset + i)) {
                return false;
            }
        }
        return (long) EIGHT.get(utf8, last) == (long) EIGHT.get(bytes, offset + last);
    }

    @Override
    public String toString() {
        return name;
    }
}
