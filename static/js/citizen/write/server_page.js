/** A page of the server as a document that does nothing: parts of it are shown in the page that is there. */

/** The document at an address, without its styles and scripts; throws when there is none. */
export async function serverPage(address, credentials = "same-origin") {
  const answer = await fetch(address, { credentials, headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const text = await answer.text();
  // Styles would be checked against this page's policy, which allows none but its own.
  const plain = text.replace(/<(style|script)\b[^]*?<\/\1>/g, "");
  return new DOMParser().parseFromString(plain, "text/html");
}
