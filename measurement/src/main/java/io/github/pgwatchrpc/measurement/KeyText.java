package io.github.pgwatchrpc.measurement;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What a key of this receiver looks like in text, and what stands in its place once it has been taken out. A key belongs
 * into a call's credentials alone; what pgwatch measures may hold one all the same: in the columns of {@code configured_dbs},
 * in a query that was recorded, in a description.
 *
 * <p>A key is recognised by its form, {@value #PREFIX} and characters of base64url, not by its checksum: one that was
 * mistyped, or lost its last characters, is as good as a key to who tries what is missing. From {@value #LEAST} characters on
 * it is taken for one; with fewer, more than 60 of its 256 bits are missing. Stateless.
 */
public final class KeyText {

    /** What every key begins with. */
    public static final String PREFIX = "pgwrpc_";

    /** What stands in a key's place. */
    public static final String MASK = "pgwrpc_***";

    /** The custom tag by which a pgwatch v3 shows its key. */
    public static final String TAG = "pgwatch_rpc_key";

    /** How many characters behind the prefix make a key, of 49. */
    static final int LEAST = 32;

    private static final byte[] PREFIX_BYTES = PREFIX.getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MASK_BYTES = MASK.getBytes(StandardCharsets.US_ASCII);

    /** How far the search may go when it sees a byte where the prefix should end (Horspool). */
    private static final byte[] STEPS = steps();

    private KeyText() {}

    private static byte[] steps() {
        byte[] steps = new byte[256];
        Arrays.fill(steps, (byte) PREFIX_BYTES.length);
        for (int i = 0; i < PREFIX_BYTES.length - 1; i++) {
            steps[PREFIX_BYTES[i]] = (byte) (PREFIX_BYTES.length - 1 - i);
        }
        return steps;
    }

    /**
     * Whether a tag or a column is there to hold a key, whatever its value looks like: {@value #TAG}, in capitals or not, as
     * a column with {@code tag_} in front.
     *
     * @param name the name of a custom tag, a column, or an entry of an object
     * @return whether it must not be kept
     */
    public static boolean isTag(String name) {
        int from = name.length() - TAG.length();
        return (from == 0
                        || (from == Column.TAG_PREFIX.length()
                                && name.regionMatches(true, 0, Column.TAG_PREFIX, 0, from)))
                && name.regionMatches(true, from, TAG, 0, TAG.length());
    }

    /**
     * Looks for a key, seven bytes at a time where there is none.
     *
     * @param bytes text in UTF-8, or anything else
     * @param from where to begin
     * @param to where to end
     * @return where the first key begins, or -1
     */
    public static int find(byte[] bytes, int from, int to) {
        int last = from + PREFIX_BYTES.length - 1;
        while (last < to) {
            byte seen = bytes[last];
            if (seen == '_' && isKey(bytes, last + 1 - PREFIX_BYTES.length, to)) {
                return last + 1 - PREFIX_BYTES.length;
            }
            last += STEPS[seen & 0xff];
        }
        return -1;
    }

    private static boolean isKey(byte[] bytes, int at, int to) {
        int begin = at + PREFIX_BYTES.length;
        return Arrays.equals(bytes, at, begin, PREFIX_BYTES, 0, PREFIX_BYTES.length)
                && to - begin >= LEAST
                && end(bytes, begin, begin + LEAST) == begin + LEAST;
    }

    /** Where the characters of a key end. */
    private static int end(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to && isBase64Url(bytes[at])) {
            at++;
        }
        return at;
    }

    private static boolean isBase64Url(int each) {
        return (each >= 'a' && each <= 'z')
                || (each >= 'A' && each <= 'Z')
                || (each >= '0' && each <= '9')
                || each == '-'
                || each == '_';
    }

    /**
     * Puts {@value #MASK} in the place of every key.
     *
     * @param text may hold keys
     * @return the text without them; the very same if there are none
     */
    public static String mask(String text) {
        int at = text.indexOf(PREFIX);
        if (at < 0) {
            return text;
        }
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        byte[] masked = mask(utf8, 0, utf8.length);
        return masked == utf8 ? text : new String(masked, StandardCharsets.UTF_8);
    }

    /**
     * Puts {@value #MASK} in the place of every key.
     *
     * @param bytes may hold keys
     * @param from where to begin
     * @param to where to end
     * @return the bytes from there to there without keys; the very same array if there are none and it was all of it
     */
    public static byte[] mask(byte[] bytes, int from, int to) {
        int key = find(bytes, from, to);
        if (key < 0) {
            return from == 0 && to == bytes.length ? bytes : Arrays.copyOfRange(bytes, from, to);
        }
        byte[] masked = new byte[to - from];
        int length = 0;
        int at = from;
        for (; key >= 0; key = find(bytes, at, to)) {
            System.arraycopy(bytes, at, masked, length, key - at);
            length += key - at;
            System.arraycopy(MASK_BYTES, 0, masked, length, MASK_BYTES.length);
            length += MASK_BYTES.length;
            at = end(bytes, key + PREFIX_BYTES.length, to);
        }
        System.arraycopy(bytes, at, masked, length, to - at);
        return Arrays.copyOf(masked, length + to - at);
    }
}
