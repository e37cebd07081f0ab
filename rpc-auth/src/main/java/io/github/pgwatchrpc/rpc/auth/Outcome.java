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
    /** Refused: a key of this receiver's own that another one took the place of. */
    REPLACED(false),
    /**
     * Refused without a look: it is no key, so at most a password, and too many wrong ones came from the address, or in all.
     */
    BLOCKED(false),
    /** Let in, and then refused: the key is not good for the database. */
    DATABASE(false),
    /** Let in, and then refused: the key may not be used for that. */
    SCOPE(false),
    /** Let in, and then refused: the key has sent too much. */
    LIMIT(false);

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
}
