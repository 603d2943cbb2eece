/** What comes, as it comes. */
export default function handler(request) {
  return new Response(request.body);
}
