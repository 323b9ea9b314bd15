// The API reference: Scalar, with the access token of the console filled in. It requests nothing from other hosts.

const { product, base } = document.body.dataset;
/** Under this name the app of a product keeps its access token. */
const TOKEN = `${product}.token`;

const configuration = () => ({
  url: `/reference/${product}/openapi.json`,
  servers: [{ url: base }],
  authentication: {
    preferredSecurityScheme: "bearer",
    securitySchemes: { bearer: { token: sessionStorage.getItem(TOKEN) ?? "" } },
  },
  customFetch,
  // What would lead to Scalar's own services.
  agent: { disabled: true },
  hideClientButton: true,
  mcp: { disabled: true },
  showDeveloperTools: "never",
  telemetry: false,
  withDefaultFonts: false,
});

/** Sends the cookies of the console along, and fills in the access token of a response that has one. */
async function customFetch(input, options) {
  const response = await fetch(input, { ...options, credentials: "include" });
  const body = await response.clone().json().catch(() => null);
  const { access_token: snake, accessToken: camel } = body?.data ?? body ?? {};
  const token = snake ?? camel;
  if (typeof token === "string") {
    sessionStorage.setItem(TOKEN, token);
    reference.updateConfiguration(configuration());
  }
  return response;
}

if (product === "easy-writer") {
  // The app renews its access token by the refresh cookie.
  const { restore } = await import("/easy-writer/api.js");
  await restore();
}
const reference = Scalar.createApiReference("#reference", configuration());
