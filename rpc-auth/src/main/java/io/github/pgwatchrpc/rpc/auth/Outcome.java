package io.github.pgwatchrpc.rpc.auth;

/** How a decision came out. */
public enum Outcome {
    /** Let in: the call showed a good key. */
    KEY(true),
    /** Let in: the connection had proved a key that is still good. */
    CONNECTION(true),
    /** Let in: the peer has shown a client certificate, and that is enough here. */
    CERTIFICATE(true),
    /** Let in without a key: the peer's network is trusted. */
    TRUSTED(true),
    /** Refused: no key was shown. */
    MISSING(false),
    /** Refused: what was shown is no key. */
    MALFORMED(false),
    /** Refused: the checksum is wrong, a typo. */
    CHECKSUM(false),
    /** Refused: far too long for a key. */
    TOO_LONG(false),
    /** Refused: two different keys, or two user names. */
    AMBIGUOUS(false),
    /** Refused: a key that is not, or no longer, one of this receiver's. */
    UNKNOWN(false),
    /** Refused: the key goes with another user name. */
    USER(false),
    /** Refused: the key, or the certificate, has expired. */
    EXPIRED(false),
    /** Refused: the key was revoked, or the authority of the certificate was taken away. */
    REVOKED(false),
    /** Refused unseen: too many wrong keys came from the address. */
    BLOCKED(false),
    /** Let in, and then refused: the key is not good for the database. */
    DATABASE(false);

    private final boolean admitted;

    Outcome(boolean admitted) {
        this.admitted = admitted;
    }

    /**
     * Whether the call went on.
     *
     * @return false if it was refused
     */
    public boolean isAdmitted() {
        return admitted;
    }

    /** Whether it looks like guessing, so that the address is held to account. */
    boolean isSuspicious() {
        return switch (this) {
            case MALFORMED, CHECKSUM, TOO_LONG, AMBIGUOUS, UNKNOWN, USER -> true;
            case KEY, CONNECTION, CERTIFICATE, TRUSTED, MISSING, EXPIRED, REVOKED, BLOCKED, DATABASE -> false;
        };
    }
}
