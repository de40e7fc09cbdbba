"""Where authors write and operators look: personas, sceneries, questions; rooms read-only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from interview.admin.personas import PersonaAdmin
from interview.admin.questions import QuestionAdmin
from interview.admin.records import EditionAdmin, ResumeAdmin, RoomAdmin, RoomEventAdmin
from interview.admin.sceneries import SceneryAdmin
from interview.models import Edition, Persona, Question, Resume, Room, RoomEvent, Scenery

admin.site.site_title = _("Hotseat, backstage")
admin.site.site_header = _("Hotseat, backstage")
admin.site.index_title = _("Who asks, what they ask, and what came of it")

admin.site.register(Persona, PersonaAdmin)
admin.site.register(Scenery, SceneryAdmin)
admin.site.register(Question, QuestionAdmin)
admin.site.register(Room, RoomAdmin)
admin.site.register(RoomEvent, RoomEventAdmin)
admin.site.register(Resume, ResumeAdmin)
admin.site.register(Edition, EditionAdmin)
