package io.github.pgwatchrpc.rpc.pgwatch;

import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobType;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which field of a sender's struct is which of the fields that we want, worked out once for each type of a stream. Fields
 * are matched by name, as Go does; what the sender lacks is simply not read, what we do not want is skipped.
 */
final class StructPlan {

    /** In {@link #fields}: nothing that we want. */
    static final int UNWANTED = -1;

    private static final int[] NOTHING = {};

    private final String[] wanted;

    /** By identity: a number may be defined anew. */
    private @Nullable GobType type;

    private int[] fields = NOTHING;
    private int[] wireTypes = NOTHING;
    private int[] typesOfWanted;

    StructPlan(String... wanted) {
        this.wanted = wanted;
        this.typesOfWanted = new int[wanted.length];
    }

    /**
     * For each field on the wire, the index of the wanted field or {@link #UNWANTED}.
     *
     * @throws GobException if the type is not a struct or has none of the fields, in Go's words
     */
    int[] fields(GobTypes types, int id) throws GobException {
        GobType known = types.get(id);
        if (known == type) {
            return fields;
        }
        if (!(known instanceof GobType.Struct struct)) {
            throw new GobException("gob: type mismatch: expected a struct with the fields " + List.of(wanted)
                    + ", got type " + types.get(id));
        }
        int[] found = new int[struct.fields().size()];
        int[] ids = new int[found.length];
        int[] wantedIds = new int[wanted.length];
        boolean any = struct.fields().isEmpty();
        for (int i = 0; i < found.length; i++) {
            found[i] = Arrays.asList(wanted).indexOf(struct.fields().get(i).name());
            ids[i] = struct.fields().get(i).type();
            if (found[i] >= 0) {
                any = true;
                wantedIds[found[i]] = ids[i];
            }
        }
        if (!any) {
            throw new GobException(
                    "gob: type mismatch: no fields of " + struct.name() + " are among " + List.of(wanted));
        }
        type = struct;
        fields = found;
        wireTypes = ids;
        typesOfWanted = wantedIds;
        return fields;
    }

    /** Number of the wire's type of a wanted field, or 0 if the sender has no such field. */
    int typeOf(int wantedField) {
        return typesOfWanted[wantedField];
    }

    int wireType(int field) {
        return wireTypes[field];
    }

    /** The step to the next field, 0 at the end; never beyond the struct's last field. */
    int readDelta(GobReader reader, int field) throws GobException {
        long delta = reader.readUint();
        if (delta < 0 || delta > fields.length - 1 - field) {
            throw new GobException("gob: step to the next field: " + Long.toUnsignedString(delta) + " (expected: <= "
                    + (fields.length - 1 - field) + ")");
        }
        return (int) delta;
    }

    String readString(GobReader reader, int wantedField) throws GobException {
        if (typesOfWanted[wantedField] != GobType.Basic.STRING.id()) {
            throw new GobException("gob: type of field " + wanted[wantedField] + ": " + typesOfWanted[wantedField]
                    + " (expected: string)");
        }
        return reader.readString();
    }

    String name(int wantedField) {
        return wanted[wantedField];
    }
}
