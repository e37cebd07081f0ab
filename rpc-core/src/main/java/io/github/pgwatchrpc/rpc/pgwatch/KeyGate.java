package io.github.pgwatchrpc.rpc.pgwatch;

import io.github.pgwatchrpc.measurement.KeyText;
import io.github.pgwatchrpc.rpc.Authenticator;
import io.github.pgwatchrpc.rpc.Credentials;
import io.github.pgwatchrpc.rpc.Credentials.Source;
import io.github.pgwatchrpc.rpc.DeniedException;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobSkipper;
import io.github.pgwatchrpc.rpc.gob.GobType;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import io.github.pgwatchrpc.rpc.netrpc.ArgumentGate;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the key in the arguments of one connection and asks an {@link Authenticator}. It looks in two places, and no
 * further into the argument than they lie:
 *
 * <ul>
 *   <li>the text field {@value #FIELD} of the argument, which clients that know of keys send with every call;
 *   <li>the entry {@value KeyText#TAG} of the map field {@code CustomTags}: a pgwatch v3, which knows of no keys, sends the custom
 *       tags of a source with each of its envelopes.
 * </ul>
 *
 * <p>SyncMetric of pgwatch v3 has neither. So a connection that has proved a key stays proved; how long, the authenticator
 * says each time. An envelope without rows stores nothing and is let through without a key, to be answered with success:
 * v3.0.0 begins each connection with some, and drops a whole batch of measurements after an error on one.
 */
public final class KeyGate implements ArgumentGate {

    /** The field of an argument that holds a key. */
    public static final String FIELD = "ApiKey";

    /** The custom tag that holds a key. It is never stored. */
    public static final String TAG = KeyText.TAG;

    private static final String PROTOCOL = "net/rpc";
    private static final Credentials NOTHING = Credentials.none(PROTOCOL);
    private static final byte[] TAG_BYTES = TAG.getBytes(StandardCharsets.US_ASCII);
    private static final int STRING = GobType.Basic.STRING.id();

    /** For an envelope in which no rows were seen: should there be some all the same, they are not stored. */
    static final Permit NO_ROWS = database -> {
        throw new DeniedException(RpcException.Kind.UNAUTHENTICATED, "no key was shown", 0);
    };

    private final Authenticator authenticator;
    private final RpcPeer peer;

    /** What the connection was given last, and the peer that has it. */
    private @Nullable Permit permit;

    private RpcPeer admitted;

    /** Worked out for the type that came last; a method has one type a connection. */
    private @Nullable Plan plan;

    /**
     * A gate of one connection.
     *
     * @param authenticator decides
     * @param peer the other end
     */
    public KeyGate(Authenticator authenticator, RpcPeer peer) {
        this.authenticator = authenticator;
        this.peer = peer;
        this.admitted = peer;
    }

    @Override
    public boolean isOpen() {
        return permit != null;
    }

    @Override
    public RpcPeer admit(GobReader reader, GobTypes types, int type) throws GobException, DeniedException {
        Found found = new Found();
        if (types.find(type) instanceof GobType.Struct struct) {
            look(reader, types, planOf(types, struct), found);
        }
        if (found.isEnvelopeWithoutRows && found.keys.isEmpty() && permit == null) {
            return peer.with(NO_ROWS);
        }
        Credentials shown = found.keys.isEmpty() ? NOTHING : new Credentials(PROTOCOL, found.source, "", found.keys);
        Permit given = authenticator.admit(shown, peer, permit);
        if (given != permit) {
            permit = given;
            admitted = peer.with(given);
        }
        return admitted;
    }

    /** What was seen on the way. */
    private static final class Found {
        /** All that are different: the same key by both ways is one key. */
        final List<String> keys = new ArrayList<>(1);

        Source source = Source.NOTHING;
        boolean isEnvelopeWithoutRows;

        void add(Source from, GobReader reader) throws GobException {
            int at = reader.readBytes();
            int length = reader.length();
            if (length > 0) {
                String key = new String(
                        reader.array(), at, Math.min(length, Credentials.MAX_KEY_CHARS + 1), StandardCharsets.UTF_8);
                if (!keys.contains(key) && keys.size() < 2) {
                    keys.add(key);
                }
                source = from;
            }
        }
    }

    private void look(GobReader reader, GobTypes types, Plan in, Found found) throws GobException {
        boolean rows = false;
        int field = -1;
        while (field < in.last) {
            long delta = reader.readUint();
            if (delta == 0) {
                break;
            }
            if (delta < 0 || delta > in.fields.length - 1 - field) {
                throw new GobException("gob: step to the next field: " + Long.toUnsignedString(delta)
                        + " (expected: <= " + (in.fields.length - 1 - field) + ")");
            }
            field += (int) delta;
            rows |= field == in.rows;
            if (field > in.last || (field == in.rows && field == in.last)) {
                break;
            } else if (field == in.key) {
                found.add(Source.FIELD, reader);
            } else if (field == in.tags) {
                lookThroughTags(reader, found);
            } else {
                GobSkipper.skip(reader, types, in.fields[field]);
            }
        }
        found.isEnvelopeWithoutRows = in.rows >= 0 && !rows;
    }

    private static void lookThroughTags(GobReader reader, Found found) throws GobException {
        for (int left = reader.readCount(); left > 0; left--) {
            int name = reader.readBytes();
            boolean key = Arrays.equals(reader.array(), name, name + reader.length(), TAG_BYTES, 0, TAG_BYTES.length);
            if (key) {
                found.add(Source.TAG, reader);
            } else {
                reader.readBytes();
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // equal is not enough: the number may have been given to another type since
    private Plan planOf(GobTypes types, GobType.Struct struct) {
        Plan known = plan;
        if (known == null || known.struct != struct) {
            known = new Plan(types, struct);
            plan = known;
        }
        return known;
    }

    /** Where in a struct to look. */
    private static final class Plan {
        /** By identity: a number may be defined anew. */
        final GobType.Struct struct;

        /** Type of each field. */
        final int[] fields;

        /** Number of the field, or -1. */
        final int key;

        final int tags;
        final int rows;

        /** The last field that matters. */
        final int last;

        Plan(GobTypes types, GobType.Struct struct) {
            this.struct = struct;
            this.fields = struct.fields().stream().mapToInt(GobType.Field::type).toArray();
            int field = indexOf(struct, FIELD);
            int map = indexOf(struct, "CustomTags");
            this.key = field >= 0 && fields[field] == STRING ? field : -1;
            this.tags = map >= 0
                            && types.find(fields[map]) instanceof GobType.Map tag
                            && tag.key() == STRING
                            && tag.element() == STRING
                    ? map
                    : -1;
            this.rows = indexOf(struct, "Data");
            this.last = Math.max(rows, Math.max(key, tags));
        }

        private static int indexOf(GobType.Struct struct, String name) {
            List<GobType.Field> all = struct.fields();
            for (int i = 0; i < all.size(); i++) {
                if (all.get(i).name().equals(name)) {
                    return i;
                }
            }
            return -1;
        }
    }
}
