package io.github.pgwatchrpc.rpc.auth;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds a key by its hash, of ten thousand as fast as of one: a wrong key costs no more than a right one, so it can be looked
 * for before anything else is decided. How long it takes tells nothing: each bucket has equally many hashes, made up ones
 * where there are no others, and each of them is compared in constant time; and which bucket it is depends on a number that
 * nobody knows. Immutable.
 */
final class KeyIndex {

    /** A key and what has come in by it. */
    record Entry(NamedKey key, KeyUsage usage) {}

    private final long multiplier;
    private final int shift;
    private final int width;

    /** The buckets one after the other, {@link #width} places each. */
    private final KeyHash[] hashes;

    private final @Nullable Entry[] found;

    KeyIndex(List<Entry> entries, SecureRandom random) {
        this.multiplier = random.nextLong() | 1;
        // so many that most have one key at most, and at least two: a shift by 64 bits is none
        int bits = 1 + Long.SIZE - Long.numberOfLeadingZeros(entries.size());
        this.shift = Long.SIZE - bits;
        List<List<Entry>> buckets = new ArrayList<>();
        for (int i = 0; i < 1 << bits; i++) {
            buckets.add(new ArrayList<>(1));
        }
        entries.forEach(each -> buckets.get(bucket(each.key().hash())).add(each));
        this.width = Math.max(1, buckets.stream().mapToInt(List::size).max().orElse(0));
        this.hashes = new KeyHash[buckets.size() * width];
        this.found = new Entry[hashes.length];
        KeyHash nobodys = KeyHash.random(random);
        for (int i = 0; i < hashes.length; i++) {
            List<Entry> bucket = buckets.get(i / width);
            Entry entry = i % width < bucket.size() ? bucket.get(i % width) : null;
            hashes[i] = entry == null ? nobodys : entry.key().hash();
            found[i] = entry;
        }
    }

    private int bucket(KeyHash hash) {
        return (int) ((hash.bits() * multiplier) >>> shift);
    }

    /**
     * Looks for a key.
     *
     * @param user the user name beside it
     * @return the key that goes with that name, or else one that goes with another, or else null
     */
    @Nullable
    Entry find(KeyHash hash, String user) {
        Entry match = null;
        int begin = bucket(hash) * width;
        for (int i = begin; i < begin + width; i++) {
            // no early end
            if (hashes[i].matches(hash)) {
                Entry each = found[i];
                if (each != null && (match == null || isBetter(each.key(), match.key(), user))) {
                    match = each;
                }
            }
        }
        return match;
    }

    /** The same key may be in two files, and may be there as one of yesterday's too. */
    private static boolean isBetter(NamedKey one, NamedKey other, String user) {
        boolean allows = one.allowsUser(user);
        return allows != other.allowsUser(user) ? allows : other.former().isPresent();
    }
}
