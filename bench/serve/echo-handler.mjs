/** Sends the request's body back as it arrives. */
export default function handler(request) {
  return new Response(request.body);
}
