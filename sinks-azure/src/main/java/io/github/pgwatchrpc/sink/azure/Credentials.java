package io.github.pgwatchrpc.sink.azure;

import com.azure.core.credential.TokenCredential;
import com.azure.core.http.HttpClient;
import com.azure.core.http.policy.RetryPolicy;
import com.azure.identity.AadCredentialBuilderBase;
import com.azure.identity.AzureCliCredentialBuilder;
import com.azure.identity.ClientCertificateCredentialBuilder;
import com.azure.identity.ClientSecretCredentialBuilder;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.identity.ManagedIdentityCredentialBuilder;
import com.azure.identity.WorkloadIdentityCredentialBuilder;
import com.microsoft.aad.msal4j.MsalServiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;

/** Azure's credentials, made of what the options say. */
final class Credentials {

    private Credentials() {}

    /**
     * Makes credentials; asks nobody yet.
     *
     * @param identity who the sink is
     * @param http sends requests
     * @param retry whether requests are sent again
     * @throws IOException if a file cannot be read; the message names it
     */
    static TokenCredential of(Identity identity, HttpClient http, RetryPolicy retry) throws IOException {
        return switch (identity.kind()) {
            case DEFAULT -> {
                DefaultAzureCredentialBuilder builder = new DefaultAzureCredentialBuilder()
                        .authorityHost(identity.authority())
                        .httpClient(http)
                        .retryPolicy(retry);
                if (identity.tenant() != null) {
                    builder.tenantId(identity.tenant());
                }
                if (identity.client() != null) {
                    builder.managedIdentityClientId(identity.client()).workloadIdentityClientId(identity.client());
                }
                if (!identity.known()) {
                    builder.disableInstanceDiscovery();
                }
                yield builder.build();
            }
            case CLIENT_SECRET ->
                entra(new ClientSecretCredentialBuilder(), identity, http, retry)
                        .clientSecret(secret(identity))
                        .build();
            case CLIENT_CERTIFICATE ->
                certificate(entra(new ClientCertificateCredentialBuilder(), identity, http, retry), identity)
                        .build();
            case MANAGED_IDENTITY -> {
                ManagedIdentityCredentialBuilder builder =
                        new ManagedIdentityCredentialBuilder().httpClient(http).retryPolicy(retry);
                if (identity.client() != null) {
                    builder.clientId(identity.client());
                }
                yield builder.build();
            }
            case WORKLOAD_IDENTITY -> {
                WorkloadIdentityCredentialBuilder builder =
                        entra(new WorkloadIdentityCredentialBuilder(), identity, http, retry);
                if (identity.tokenFile() != null) {
                    builder.tokenFilePath(identity.tokenFile());
                }
                yield builder.build();
            }
            case AZURE_CLI -> {
                AzureCliCredentialBuilder builder = new AzureCliCredentialBuilder();
                if (identity.tenant() != null) {
                    builder.tenantId(identity.tenant());
                }
                yield builder.build();
            }
        };
    }

    /** What is not given, a workload identity takes from the environment. */
    private static <T extends AadCredentialBuilderBase<T>> T entra(
            T builder, Identity identity, HttpClient http, RetryPolicy retry) {
        builder.authorityHost(identity.authority()).httpClient(http).retryPolicy(retry);
        if (identity.tenant() != null) {
            builder.tenantId(identity.tenant());
        }
        if (identity.client() != null) {
            builder.clientId(identity.client());
        }
        if (!identity.known()) {
            builder.disableInstanceDiscovery();
        }
        return builder;
    }

    private static String secret(Identity identity) throws IOException {
        String secret = identity.secret();
        if (secret != null) {
            return secret;
        }
        String file = Objects.requireNonNull(identity.secretFile(), "client-secret-file");
        String text = Files.readString(Path.of(file)).strip();
        if (text.isEmpty()) {
            throw new IOException(file + ": empty (expected: a client secret)");
        }
        return text;
    }

    private static ClientCertificateCredentialBuilder certificate(
            ClientCertificateCredentialBuilder builder, Identity identity) throws IOException {
        String file = Objects.requireNonNull(identity.certificate(), "client-certificate");
        if (!Files.isReadable(Path.of(file))) {
            throw new IOException(file + ": cannot be read (expected: a certificate with its key, PEM or PFX)");
        }
        String name = file.toLowerCase(Locale.ROOT);
        boolean pfx = name.endsWith(".pfx") || name.endsWith(".p12");
        if (!pfx) {
            return builder.pemCertificate(file);
        }
        builder.pfxCertificate(file);
        return identity.certificatePassword() == null
                ? builder
                : builder.clientCertificatePassword(identity.certificatePassword());
    }

    /** Whether those who give tokens are only busy or broken. */
    static boolean isPassing(Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof MsalServiceException answer
                    && answer.statusCode() != null
                    && (answer.statusCode() == 429 || answer.statusCode() >= 500)) {
                return true;
            }
        }
        return false;
    }
}
