package io.github.pgwatchrpc.sink.azure;

import org.jspecify.annotations.Nullable;

/**
 * Who the sink is, as the options say it. What is null was not given.
 *
 * @param kind how tokens are got
 * @param tenant the Entra tenant
 * @param client the application or the user-assigned identity
 * @param secret the application's secret
 * @param secretFile a file with it, read again whenever the sink is opened
 * @param certificate a file with the application's certificate and key, PEM or PFX
 * @param certificatePassword the password of a PFX file
 * @param tokenFile a file with the token that the platform has issued to the workload
 * @param authority who gives tokens, without slash at the end
 * @param known whether that is one of Azure's clouds, so that its clients may ask it what it is
 */
record Identity(
        Kind kind,
        @Nullable String tenant,
        @Nullable String client,
        @Nullable String secret,
        @Nullable String secretFile,
        @Nullable String certificate,
        @Nullable String certificatePassword,
        @Nullable String tokenFile,
        String authority,
        boolean known) {

    /** How tokens are got. */
    enum Kind {
        /** Azure's own chain: environment, workload identity, managed identity, tools that are signed in. */
        DEFAULT,
        CLIENT_SECRET,
        CLIENT_CERTIFICATE,
        MANAGED_IDENTITY,
        WORKLOAD_IDENTITY,
        AZURE_CLI
    }

    /** Names no secret. */
    @Override
    public String toString() {
        return "Identity[" + kind + "]";
    }
}
