package io.github.pgwatchrpc.measurement;

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
    }

    boolean hasName(byte[] bytes, int offset, int length) {
        return Arrays.equals(utf8, 0, utf8.length, bytes, offset, offset + length);
    }

    @Override
    public String toString() {
        return name;
    }
}
