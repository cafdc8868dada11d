"""Mail, by Django's own backend: plain text alone, so that nobody's words can be markup."""

from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from django.core.mail import BadHeaderError, EmailMessage

from reviews.outcomes import Failed, Outcome, Retry, Succeeded


def deliver(text: str, *, to: str, subject: str, message_id: str) -> Outcome:
    """A retry sends the same Message-ID, by which mail programs know a copy."""
    message = EmailMessage(
        subject=subject,
        body=text,
        to=[to],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except BadHeaderError:
        return Failed("A line break in a header: it was not sent.")
    except SMTPRecipientsRefused:
        return Failed("The mail server refuses this address.")
    except SMTPResponseException as error:
        words = f"The mail server answered {error.smtp_code}."
        return Failed(words) if 500 <= error.smtp_code < 600 else Retry(words)
    except (SMTPException, OSError) as error:
        return Retry(f"The mail server could not be reached: {type(error).__name__}.")
    return Succeeded()
