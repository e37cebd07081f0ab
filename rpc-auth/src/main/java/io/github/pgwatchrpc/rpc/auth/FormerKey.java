package io.github.pgwatchrpc.rpc.auth;

import java.time.Instant;

/**
 * Why a key of the receiver's own counts no more: another one took its place.
 *
 * @param until when that was
 * @param by what made the other one
 * @param last whether it is the one right before the key that counts now
 */
record FormerKey(Instant until, By by, boolean last) {

    /** Ways to another key. */
    enum By {
        /** A start without {@code --api-key keep}. */
        START,
        /** An operator: {@code key --renew}. */
        RENEWAL
    }

    /** What its holder is told. */
    String text() {
        return switch (by) {
            case START ->
                "this is the key of " + (last ? "the receiver's last start" : "an earlier start of the receiver")
                        + "; the start at " + until + " made a new one (--api-key keep keeps it)";
            case RENEWAL -> "the receiver had this key until " + until + ", when 'key --renew' made a new one";
        };
    }
}
